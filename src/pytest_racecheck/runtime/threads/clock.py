"""Virtual time: nothing sleeps, and what clocks show is a function of the schedule alone.

A sleep is a wait with a deadline and nothing else; `Scheduler.now`, the seconds since the run began, jumps to the earliest deadline when
nobody can go on. Clocks show that, counted from the moment at which the campaign began, so that what a program has read before
the run stays in the past. That moment is a whole second. What is left of the difference between two processes is rounding, below a
quarter of a microsecond, and every reading moves time on by more than that: a deadline that was reached is over in all of them.

A program may also wait by reading the clock in a loop, and a clock that stands still would never let it go. Two things help. A task that has
read the clock many times, with nobody else having had a turn, stands at a scheduling point with each further reading, so that others
come in. And when no other task can go on, each reading moves time on by more than the one before, but never past a deadline at which
somebody else wakes up.

Processor time stays real: it tells how much was done, which virtual time knows nothing of.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.task import Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task

# While a campaign is on, the module itself holds the controlled ones.
_sleep = time.sleep
_TICK = 1e-6
_LONGEST_TICK = 1.0
# So many readings in a row are free; after as many more a lonely reader's ticks double.
PATIENCE = 64
_BILLION = 1_000_000_000


class Clock:
    """What clocks show the tasks of a campaign; `begin` before each run."""

    def __init__(self) -> None:
        self.monotonic = ceil(time.monotonic())
        self.perf_counter = ceil(time.perf_counter())
        self.time = ceil(time.time())
        self.begin()

    def begin(self) -> None:
        """A run begins."""
        self._reader: Task | None = None
        self._switches = 0
        self._readings = 0

    def read(self, scheduler: Scheduler, task: Task) -> float:
        """The seconds since the run began, as `task` reads them now."""
        if task is not self._reader or scheduler.switches != self._switches:
            self._reader, self._switches, self._readings = task, scheduler.switches, 0
        self._readings += 1
        tick = _TICK
        if self._readings > PATIENCE:
            if len(scheduler.enabled) > 1:
                _operation(scheduler, task, "read the clock")
            else:
                tick = min(_LONGEST_TICK, _TICK * 2.0 ** (self._readings // PATIENCE))
        self._pass(scheduler, tick)
        return scheduler.now

    def _pass(self, scheduler: Scheduler, seconds: float) -> None:
        until = scheduler.now + seconds
        if seconds > _TICK and scheduler.timed:
            first = min(task.deadline or 0.0 for task in scheduler.timed)
            if first <= until:
                # Whoever wakes up there has its turn before time goes on.
                until = max(first, scheduler.now + _TICK)
                for task in [task for task in scheduler.timed if (task.deadline or 0.0) <= until]:
                    scheduler.expire(task)
        scheduler.now = max(scheduler.now, until)


def _operation(scheduler: Any, task: Task, name: str) -> None:
    resource = scheduler.resources.of(time, "clock")
    task.resource = resource
    task.writes = False
    task.point = scheduler.own_point(name)
    scheduler.strategy.yielded(task)
    scheduler.stand(task)
    resource.happened(task, False)
    if scheduler.watch is not None:
        scheduler.watch(task)


def sleep(seconds: Any, /) -> None:
    """`time.sleep`: to a task, a wait until virtual time has passed; of no length, a chance for others."""
    scheduler = control.scheduler
    task = scheduler.current
    if task.greenlet is not getcurrent():
        if scheduler.aborting and scheduler.is_task():
            scheduler.refuse()
        _sleep(seconds)
        return
    length = _length(seconds)
    if length == 0:
        _operation(scheduler, task, "sleep")
    else:
        _wait(scheduler, task, length)


def _wait(scheduler: Any, task: Task, length: float) -> None:
    resource = scheduler.resources.of(time, "clock")
    task.resource = resource
    task.writes = False
    task.point = scheduler.own_point("sleep")
    deadline = scheduler.now + length
    scheduler.block(task, Wait("sleep", None), deadline)
    scheduler.now = max(scheduler.now, deadline)
    resource.happened(task, False)
    if scheduler.watch is not None:
        scheduler.watch(task)


def _length(seconds: Any) -> float:
    if isinstance(seconds, (int, float)):
        length = float(seconds)
    else:
        length = float(seconds if hasattr(seconds, "__float__") else operator.index(seconds))
    if length != length:
        raise ValueError("Invalid value NaN (not a number)")
    if length < 0:
        raise ValueError("sleep length must be non-negative")
    return length


def _seconds(name: str, original: Callable[[], float]) -> Callable[[], float]:
    def read() -> float:
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            return original()
        clock = scheduler.clock
        return float(getattr(clock, name) + clock.read(scheduler, task))

    _rename(read, original)
    return read


def _nanoseconds(name: str, original: Callable[[], int]) -> Callable[[], int]:
    def read() -> int:
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            return original()
        clock = scheduler.clock
        since = round(clock.read(scheduler, task) * _BILLION)
        return int(getattr(clock, name) * _BILLION + since)

    _rename(read, original)
    return read


def _broken_down(original: Callable[..., Any]) -> Callable[..., Any]:
    """Functions of a moment that is now unless it is said."""

    def read(seconds: Any = None, /) -> Any:
        return original(time_() if seconds is None else seconds)

    _rename(read, original)
    return read


def _formatted(original: Callable[..., str]) -> Callable[..., str]:
    """`strftime`, whose moment is the second argument."""

    def read(layout: str, moment: Any = None, /) -> str:
        return original(layout, _localtime(time_()) if moment is None else moment)

    _rename(read, original)
    return read


def _told_apart(
    original: Callable[[int], Any], kinds: dict[str, Callable[[], Any]]
) -> Callable[[int], Any]:
    """`clock_gettime`, which is given the clock by its number."""
    known = {getattr(time, f"CLOCK_{name}", None): read for name, read in kinds.items()}

    def read(clock: int, /) -> Any:
        return known.get(clock, partial(original, clock))()

    _rename(read, original)
    return read


def _rename(controlled: Any, original: Any) -> None:
    controlled.__name__ = controlled.__qualname__ = original.__name__
    controlled.__doc__ = original.__doc__


time_ = _seconds("time", time.time)
_localtime = time.localtime
_monotonic = _seconds("monotonic", time.monotonic)
_time_ns = _nanoseconds("time", time.time_ns)
_monotonic_ns = _nanoseconds("monotonic", time.monotonic_ns)

# Not every system has them.
_WHERE_IT_IS: tuple[tuple[object, object], ...] = ()
if hasattr(time, "clock_gettime"):
    _WHERE_IT_IS = (
        (
            time.clock_gettime,
            _told_apart(time.clock_gettime, {"REALTIME": time_, "MONOTONIC": _monotonic}),
        ),
        (
            time.clock_gettime_ns,
            _told_apart(time.clock_gettime_ns, {"REALTIME": _time_ns, "MONOTONIC": _monotonic_ns}),
        ),
    )

REPLACEMENTS: tuple[tuple[object, object], ...] = (
    (time.sleep, sleep),
    (time.time, time_),
    (time.monotonic, _monotonic),
    (time.perf_counter, _seconds("perf_counter", time.perf_counter)),
    (time.time_ns, _time_ns),
    (time.monotonic_ns, _monotonic_ns),
    (time.perf_counter_ns, _nanoseconds("perf_counter", time.perf_counter_ns)),
    (time.gmtime, _broken_down(time.gmtime)),
    (time.localtime, _broken_down(time.localtime)),
    (time.ctime, _broken_down(time.ctime)),
    (time.strftime, _formatted(time.strftime)),
    *_WHERE_IT_IS,
)
