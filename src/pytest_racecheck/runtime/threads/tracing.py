"""`threading.settrace` and `setprofile`: functions that new threads are traced with.

The interpreter keeps a trace function for each OS thread, so one that a task sets would go on to trace all others; and tracers that keep
a stack of the frames they are in, as coverage's do, lose their way when tasks switch under them. So from the first task on
that is started under such a hook, each switch exchanges the trace functions, too. Runs without hooks know nothing of this.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.task import Task

_internals: Any = threading


def trace_as_hooked(scheduler: Any, task: Task) -> None:
    """`task`, which begins, is traced and profiled from now on as the hooks of `threading` want it."""
    trace, profile = _internals._trace_hook, _internals._profile_hook
    if trace is None and profile is None:
        return
    if not isinstance(scheduler.enter, _TracedSwitches):
        scheduler.enter = _TracedSwitches(scheduler.enter, task)
    if trace is not None:
        sys.settrace(trace)
    if profile is not None:
        sys.setprofile(profile)


def keep_apart() -> None:
    """What a debugger is about to set traces the task that has called it, and no other."""
    task, scheduler = calling_task(), control.scheduler
    if task is not None and not isinstance(scheduler.enter, _TracedSwitches):
        scheduler.enter = _TracedSwitches(scheduler.enter, task)


class _TracedSwitches:
    """Enters tasks, and gives each the functions that it had when it was left; until then, those that the run began with."""

    def __init__(self, enter: Callable[[Task], None], current: Task) -> None:
        self._enter = enter
        self._current = current
        self._first = (sys.gettrace(), sys.getprofile())
        self._functions: dict[Task, tuple[Any, Any]] = {}

    def __call__(self, task: Task) -> None:
        if task is not self._current:
            self._functions[self._current] = (sys.gettrace(), sys.getprofile())
            trace, profile = self._functions.get(task, self._first)
            sys.settrace(trace)
            sys.setprofile(profile)
            self._current = task
        self._enter(task)
