"""A program that forks while it is under control: the child is not.

Of all threads only the one that forks lives on in the child, which is why everybody there gets the originals: there is nobody to
take turns with. That has to be so before the standard library puts its own books in order, which is the first thing that
happens in a child; so `os.fork` itself is where it is done.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.locks import Mutex

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute, Replacement
    from pytest_racecheck.runtime.threads.task import Task

_fork: Any = getattr(os, "fork", None)


# The library takes these before it forks, and the fork is no task that could wait for another.
_TAKEN = (("logging", "_lock"), ("concurrent.futures.thread", "_global_shutdown_lock"))


def stand_until_free() -> None:
    """The calling task waits until no other one holds a lock that the library takes for a fork."""
    task = calling_task()
    if task is None:
        return
    while (lock := next(filter(functools.partial(_is_anothers, task), _locks()), None)) is not None:
        with lock:
            pass


def _locks() -> Iterator[Any]:
    for module, name in _TAKEN:
        lock = getattr(sys.modules.get(module), name, None)
        if isinstance(lock, Mutex):
            yield lock


def _is_anothers(task: Task, lock: Any) -> bool:
    return lock.owner not in (None, task) and lock.owner in control.scheduler.tasks


def fork() -> int:
    """`os.fork`."""
    stand_until_free()
    scheduler = control.scheduler
    control.scheduler = IDLE
    child: int = -1
    try:
        with Interrupts() as interrupts:
            child = _fork()
            if not child:
                interrupts.forget()
    finally:
        if child:
            control.scheduler = scheduler
    if child and calling_task() is not None and not _is_multiprocessings(sys._getframe(1)):
        scheduler.outside.strangers_started = True
        scheduler.uncontrolled.add("a process that was forked by os.fork")
    if not child and scheduler is not IDLE and scheduler.processes is not None:
        scheduler.processes.leave()
    return child


def _is_multiprocessings(caller: FrameType) -> bool:
    return str(caller.f_globals.get("__name__")).startswith("multiprocessing.")


def telling_of_processes() -> list[Attribute]:
    """`Process.start` where a campaign is about threads, for programs that have loaded it: what it starts goes its own way."""
    process: Any = getattr(sys.modules.get("multiprocessing.process"), "BaseProcess", None)
    if process is None:
        return []
    original = process.start

    @functools.wraps(original)
    def start(self: Any) -> None:
        if calling_task() is not None:
            control.scheduler.uncontrolled.add(
                "a process of multiprocessing (the backend 'process' controls it)"
            )
        original(self)

    return [(process, "start", start)]


REPLACEMENTS: tuple[Replacement, ...] = ((_fork, fork),) if _fork is not None else ()
