"""`_multiprocessing.SemLock` under control: what all locks of multiprocessing are made of.

Its Lock, RLock, Semaphore, Condition, Event and Barrier are Python code on top of it. A task never waits in it: it asks first, and when it is told that
it can have it, takes it without waiting. The real one is always taken and given back as well. It is there for processes that are no part of
the program, and its value is the truth from which who schedules starts.

To the original an owner is a thread of the operating system, and all tasks of a process are one. So of a recursive one it is noted here whose it is.
"""

from __future__ import annotations

import os
from multiprocessing import synchronize
from typing import TYPE_CHECKING, Any

from pytest_racecheck.instrument.heap import living_below
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.request import Key, Request
from pytest_racecheck.runtime.processes.standing import place_of, told_of
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.task import Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement
    from pytest_racecheck.runtime.threads.task import Task

RealSemLock: Any = synchronize._multiprocessing.SemLock  # type: ignore[attr-defined]
_ACTIONS = {"take": "ACQUIRE", "give": "RELEASE"}
_COUNTING = synchronize.SEMAPHORE  # type: ignore[attr-defined]
# Kept: one that goes would close what it shares with the original.
_PLAIN: dict[int, Any] = {}
RECURSIVE = synchronize.RECURSIVE_MUTEX  # type: ignore[attr-defined]


class SemLock:
    """Behaves as `_multiprocessing.SemLock`. `real` is one."""

    __slots__ = ("__weakref__", "_born", "_depth", "_owner", "_pid", "real")

    SEM_VALUE_MAX = RealSemLock.SEM_VALUE_MAX

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        task = calling_task()
        born = None if task is None else (task.key, task.count_made())
        self._set(RealSemLock(kind, value, maxvalue, name, unlink), born)

    def _set(self, real: Any, born: tuple[str, int] | None = None) -> None:
        self.real = real
        self._born = born
        self._owner: Task | None = None
        self._depth = 0
        self._pid = os.getpid()

    @classmethod
    def around(cls, real: Any) -> SemLock:
        """Controls one that was made before the campaign, and that others go on using."""
        made = cls.__new__(cls)
        made._set(real)
        return made

    @classmethod
    def _rebuild(cls, handle: Any, kind: int, maxvalue: int, name: str | None) -> SemLock:
        return cls.around(RealSemLock._rebuild(handle, kind, maxvalue, name))

    @property
    def key(self) -> Key:
        """What all processes know it by: its name, and where that is hidden who made it, or where it lies."""
        if self.real.name is not None:
            return ("semaphore", self.real.name)
        return ("semaphore", *(self._born or (self.real.handle,)))

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take it, waiting for it if asked to; whether it was taken."""
        task = calling_task()
        processes = control.scheduler.processes if task is not None else None
        if task is None or processes is None or processes.inside:
            return bool(self.real.acquire(block, timeout))
        if self.real.kind == RECURSIVE and self._is_owned(task):
            self._depth += 1
            return bool(self.real.acquire(False))
        if not processes.is_alone or not self.value:
            rest = (self.value, bool(block), None if timeout is None else max(0.0, timeout))
            task.wait = Wait("acquire", self)
            try:
                if not processes.perform(self._request("take", rest)):
                    return False
            finally:
                task.wait = None
        self._take(processes)
        self._owner, self._depth, self._pid = task, 1, os.getpid()
        return True

    def _take(self, processes: Any) -> None:
        if not self.real.acquire(False):
            # A process that is no part of the program was faster.
            processes.scheduler.uncontrolled.add("a semaphore that other processes take, too")
            self.real.acquire()

    def release(self) -> None:
        """Give it back."""
        task = calling_task()
        processes = control.scheduler.processes if task is not None else None
        if task is None or processes is None or processes.inside:
            self.real.release()
            return
        if self.real.kind == RECURSIVE:
            if not self._is_owned(task):
                raise AssertionError("attempt to release recursive lock not owned by thread")
            self._depth -= 1
            if self._depth:
                self.real.release()
                return
        if not processes.is_alone:
            processes.perform(self._request("give", (self.value,)))
        self._owner = None
        self.real.release()

    def _request(self, what: str, rest: tuple[Any, ...]) -> Request:
        scheduler = control.scheduler
        told = told_of(self, _ACTIONS[what]) if scheduler.processes.recorded else None
        return Request(what, self.key, True, place_of(scheduler.in_scope, 3), told, rest)

    def _is_owned(self, task: Task) -> bool:
        return self._owner is task and self._pid == os.getpid()

    @property
    def value(self) -> int:
        """How many times it can be taken just now."""
        try:
            return int(self.real._get_value())
        except NotImplementedError:
            return 0 if self.real._is_zero() else 1

    def _count(self) -> int:
        task = calling_task()
        if task is None:
            return int(self.real._count())
        return self._depth if self._is_owned(task) else 0

    def _is_mine(self) -> bool:
        task = calling_task()
        return bool(self.real._is_mine()) if task is None else self._is_owned(task)

    def _get_value(self) -> int:
        return int(self.real._get_value())

    def _is_zero(self) -> bool:
        return bool(self.real._is_zero())

    def _after_fork(self) -> None:
        self.real._after_fork()
        self._owner, self._depth = None, 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        if name == "real":
            # It is not yet made.
            raise AttributeError(name)
        return getattr(self.real, name)

    def put_back(self) -> None:
        """Of what tasks have done with it nothing is left but what is real."""
        self._owner, self._depth = None, 0


def put_back(real: Any, value: int) -> None:
    """Give a semaphore the value again that it had before a run: whoever was ended in the run may have left it taken."""
    if real._get_value() == value:
        return
    if real.kind == RECURSIVE:
        # Only its owner could release it, who is gone; as a plain semaphore it is anybody's.
        if real.handle not in _PLAIN:
            _PLAIN[real.handle] = RealSemLock._rebuild(real.handle, _COUNTING, real.maxvalue, None)
        real = _PLAIN[real.handle]
    while real._get_value() < value:
        real.release()
    while real._get_value() > value and real.acquire(False):
        pass


def living() -> list[Any]:
    """Those that there are: the garbage collector may not know them, but it knows the locks that are made of them."""
    found = living_below(synchronize.SemLock)
    return [obj._semlock for obj in found if type(obj._semlock) is RealSemLock]


REPLACEMENTS: tuple[Replacement, ...] = ((RealSemLock, SemLock),)
