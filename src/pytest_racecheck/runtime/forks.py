"""Threads of ours are gone before the process forks: a child of a process with several threads may hang, and newer versions of Python warn of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from pytest_racecheck.runtime.context import control

# While a campaign is on, the module holds a controlled one.
_sleep = time.sleep


def call_before_fork(end: Callable[[], None]) -> None:
    """Call `end` before the next fork, unless it is forgotten before."""
    if not control.ends_before_forks and hasattr(os, "register_at_fork"):
        control.ends_before_forks = True
        os.register_at_fork(before=_before)
    control.before_fork.append(end)


def forget(end: Callable[[], None]) -> None:
    """What it would end has ended."""
    if end in control.before_fork:
        control.before_fork.remove(end)


def tasks() -> frozenset[int]:
    """The threads of this process, as the system counts them; none where it does not tell."""
    try:
        return frozenset(map(int, os.listdir("/proc/self/task")))
    except OSError:
        return frozenset()


def await_end(native_ids: frozenset[int]) -> None:
    """Wait until the system has ended these threads: that takes a moment longer than for the interpreter."""
    for _ in range(500):
        if native_ids.isdisjoint(tasks()):
            return
        _sleep(0.0002)


def _before() -> None:
    for end in list(control.before_fork):
        end()
        forget(end)
