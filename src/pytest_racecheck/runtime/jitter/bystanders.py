"""Threads and processes of the project that were there before a test, and whether they ran beside it.

A server in a fixture of wider scope, a pool made at import, a thread that an earlier test left: none of them is started by
the test, so none is a task; but a test that makes them work is concurrent all the same. Merely being there says nothing, or
one idle thread would spoil a whole session. So it is asked how long each has run, before the body and after it, which
the kernel knows. Where it does not tell, each counts as having run. So does one that is on the processor just then, as one that has given its
answer may still be: how long it runs is added up when it is taken off.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from multiprocessing import process
from multiprocessing.process import BaseProcess
from typing import Any
from weakref import WeakKeyDictionary

from pytest_racecheck.model.wording import label_of
from pytest_racecheck.runtime.processor_time import fields_of

# Marks threads whose work is that of tasks.
LENT = "_racecheck_lent"
_SHORTCUTS = ("_USE_VFORK", "_USE_POSIX_SPAWN")
Bystander = threading.Thread | BaseProcess


class Bystanders:
    """Knows what was started by whom outside of the body of the test that is running."""

    def __init__(self) -> None:
        self._starters: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    @contextlib.contextmanager
    def started_by(self, whom: str) -> Iterator[None]:
        """Note what is there after the block and was not before."""
        before = set(_alive())
        try:
            yield
        finally:
            for one in _alive():
                if one not in before:
                    self._starters.setdefault(one, whom)

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[], list[str]]]:
        """Watch those that are there now; the answer, to be asked inside the block, says which of them ran meanwhile."""
        if not self._starters:
            yield list
            return
        before = {one: _ran(one) for one in _alive() if one in self._starters}
        for one in before:
            vars(one).pop(LENT, None)
        with _no_false_alarms():
            yield lambda: self._described(
                [one for one, ran in before.items() if _has_run(one, ran)]
            )

    def _described(self, those: list[Bystander]) -> list[str]:
        by_starter: dict[str, dict[str, None]] = {}
        for one in those:
            by_starter.setdefault(self._starters[one], {})[_title(one)] = None
        return [
            f"{', '.join(titles)}, started by {starter}: ran beside the test, not controlled"
            for starter, titles in by_starter.items()
        ]


def _title(one: Bystander) -> str:
    """What it is called: by its project, or else after what it runs."""
    if isinstance(one, threading.Thread):
        from pytest_racecheck.runtime.jitter.threads import title_of

        name = title_of(one) or label_of(getattr(one, "_target", None), type(one).__name__)
        return f"thread {name}"
    return f"process {one.name}"


@contextlib.contextmanager
def _no_false_alarms() -> Iterator[None]:
    """Start programs without `vfork`: it blocks signals, and a child's end meanwhile wakes some thread that sleeps.

    From 3.14 on it cannot be turned off; there a thread may be named that only slept beside a test that starts programs.
    """
    before = {name: getattr(subprocess, name) for name in _SHORTCUTS if hasattr(subprocess, name)}
    try:
        for name in before:
            setattr(subprocess, name, False)
        yield
    finally:
        for name, value in before.items():
            setattr(subprocess, name, value)


def _alive() -> list[Bystander]:
    threads = [one for one in threading.enumerate() if one is not threading.main_thread()]
    own = os.getpid()
    children = list(getattr(process, "_children", ()))
    return [*threads, *(one for one in children if one._parent_pid == own)]


def _has_run(one: Bystander, before: int | None) -> bool:
    if isinstance(one, threading.Thread) and hasattr(one, LENT):
        # Its work was a task's.
        return False
    now = _ran(one)
    return before is None or now is None or now != before


def _ran(one: Bystander) -> int | None:
    """For how long it has run, in nanoseconds; None where nobody knows, or while it runs."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        tasks = _kernel_tasks(one)
        if not any(map(_is_running, tasks)):
            return sum(map(_nanoseconds, tasks))
    return None


def _is_running(task: str) -> bool:
    return fields_of(task)[0] == b"R"


def _nanoseconds(task: str) -> int:
    with open(f"{task}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def _kernel_tasks(one: Bystander) -> list[str]:
    if isinstance(one, threading.Thread):
        return [f"/proc/self/task/{one.native_id}"]
    folder = f"/proc/{one.pid}/task"
    return [f"{folder}/{task}" for task in os.listdir(folder)]
