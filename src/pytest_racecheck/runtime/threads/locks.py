"""Locks under control: `_thread.lock`, modelled, and what it has in common with `_thread.RLock`.

Acquiring is an operation that is enabled while the lock is free. A task that stands before it is kept among the lock's contenders; whoever
takes the lock disables the others, whoever releases it enables them, so the scheduler's list is always right and nobody polls.

Inside each controlled lock is a real one, taken and given back together with the model. Tasks never wait for it: they share one OS thread
and the model keeps them apart. It is there for everybody else, since a lock made at import is also taken by threads that are
no tasks, and for the time between runs. One of those holds it where a run finds it taken: the `stranger`, whose release only `freed`
can tell, which is asked when nobody else can go on.

A lock may outlive the run in which it was made, or in which a task was ended while it held it. What is known of it is valid for one run
(`_run`); the next one that meets it starts anew.
"""

from __future__ import annotations

import _thread
import sys
from typing import Any, NoReturn, Self

from greenlet import getcurrent

from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.resources import Resource
from pytest_racecheck.runtime.threads.stuck import position_of
from pytest_racecheck.runtime.threads.task import Task, Wait

RealLock: Any = _thread.allocate_lock
_MOST_SECONDS = _thread.TIMEOUT_MAX


class Mutex:
    """Mutual exclusion, to tasks by the model and to everybody else by the real lock inside.

    `owner` is the task that holds it in this run, and `taken_at` says where it took it, in runs that are watched. `born` tells apart
    the locks that a task makes; None for those that no task has made.
    """

    __slots__ = (
        "__weakref__", "_known_to", "_run", "born", "contenders", "owner", "point", "real", "resource", "returned", "taken_at",
    )  # fmt: skip

    def __init__(self, real: Any) -> None:
        self.real = real
        self.owner: Task | None = None
        self.resource: Resource | None = None
        self.taken_at: Position | None = None
        # A task has released it that did not take it: it was held when the run began, and will be when the next one does.
        self.returned = False
        self._run: object = None
        self._known_to: Any = None
        task = control.scheduler.current
        self.born: tuple[str, int] | None = None
        if task.greenlet is getcurrent():
            count = task.children[""] = task.children.get("", 0) + 1
            self.born = task.key, count

    @classmethod
    def around(cls, real: Any) -> Self:
        """Controls a lock that was made before the campaign, and that others go on using."""
        made = cls.__new__(cls)
        Mutex.__init__(made, real)
        return made

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, waiting for it if asked to; whether it was taken."""
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            return self._acquire_outside(scheduler, blocking, timeout)
        if timeout != -1 or not blocking:
            _check(blocking, timeout)
        if self._run is not scheduler.resources:
            self._meet(scheduler)
        if scheduler.alone and self.owner is None:
            return self._take(scheduler, task)
        task.resource = self.resource
        task.writes = True
        task.point = self.point
        began = scheduler.now
        if not blocking or timeout == 0:
            scheduler.stand(task)
        else:
            self._contend(scheduler, task, timeout)
        self._done(scheduler, task, writes=True)
        if self.owner is None:
            return self._take(scheduler, task)
        if not blocking or timeout == 0:
            scheduler.strategy.yielded(task)
        else:
            scheduler.now = max(scheduler.now, began + timeout)
        return False

    def _contend(self, scheduler: Any, task: Task, timeout: float) -> None:
        contenders = self.contenders
        contenders.append(task)
        try:
            if self.owner is None and timeout < 0:
                task.timed_out = False
                scheduler.stand(task)
            else:
                deadline = None if timeout < 0 else scheduler.now + timeout
                wait = Wait("acquire", self, self.owner)
                scheduler.block(task, wait, deadline, ready=self.owner is None)
        finally:
            contenders.remove(task)
            task.wait = None

    def _take(self, scheduler: Any, task: Task) -> bool:
        self.owner = task
        for other in self.contenders:
            if other.wait is None:
                other.wait = Wait("acquire", self, task)
            else:
                other.wait.holder = task
            if not other.timed_out and (other.deadline is None or not scheduler.any_timeouts):
                scheduler.disable(other)
        if not self.real.acquire(False):
            scheduler.foreign(self, self.real.acquire)
        if scheduler.watch is not None:
            self.taken_at = position_of(scheduler, sys._getframe(2))
        return True

    def _done(self, scheduler: Any, task: Task, *, writes: bool) -> None:
        self.resource.happened(task, writes)  # type: ignore[union-attr]
        if scheduler.watch is not None:
            scheduler.watch(task)

    def release(self) -> None:
        """Give the lock back, whoever holds it; RuntimeError if nobody does."""
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            self._release_outside(scheduler)
            return
        if self._run is not scheduler.resources:
            self._meet(scheduler)
        if not scheduler.alone:
            task.resource = self.resource
            task.writes = True
            task.point = self.point
            scheduler.stand(task)
            self._done(scheduler, task, writes=True)
        if self.owner is None and not self.real.locked():
            raise RuntimeError("release unlocked lock")
        self._free(scheduler)

    def _free(self, scheduler: Any) -> None:
        if self.owner is scheduler.stranger:
            self.returned = True
        self.owner = None
        self.real.release()
        for other in self.contenders:
            scheduler.enable(other)

    def locked(self) -> bool:
        """Whether somebody holds it just now."""
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            return self._is_taken()
        if self._run is not scheduler.resources:
            self._meet(scheduler)
        if not scheduler.alone:
            task.resource = self.resource
            task.writes = False
            task.point = self.point
            scheduler.stand(task)
            self._done(scheduler, task, writes=False)
        if self.owner is None and not self._is_taken():
            return False
        scheduler.strategy.yielded(task)
        return True

    def _is_taken(self) -> bool:
        return bool(self.real.locked())

    def _meet(self, scheduler: Any) -> None:
        """The first task of a run that comes here: what an earlier run has left is undone."""
        self.put_back()
        if self._known_to is not scheduler:
            self._known_to = scheduler
            self.point = scheduler.sync_point(self, self.born)
        self._run = scheduler.resources
        self.resource = scheduler.resources.fresh(self)
        self.contenders: list[Task] = []
        self.owner = scheduler.stranger if self._is_taken() else None

    def put_back(self) -> None:
        """No run goes on, or none that has met this lock: leave it held or free as it was before the last one."""
        if self.returned:
            self.real.acquire(False)
        elif self.owner is not None and self.owner.index >= 0 and self.real.locked():
            self.real.release()
        self.owner, self.returned, self._run = None, False, None

    def freed(self, scheduler: Any) -> bool:
        """Whether somebody who is no task has released it meanwhile; then those who wait for it can go on."""
        if self._run is not scheduler.resources or self.owner is None or self._is_taken():
            return False
        self.owner = None
        for other in self.contenders:
            scheduler.enable(other)
        return True

    def _acquire_outside(self, scheduler: Any, blocking: bool, timeout: float) -> bool:
        if blocking and scheduler.aborting and scheduler.is_task():
            scheduler.refuse()
        owner = self.owner
        if owner is not None and owner.index >= 0 and owner.greenlet is None:
            # Its run is over, and it will not be back to release it.
            self.put_back()
        return bool(self.real.acquire(blocking, timeout))

    def _release_outside(self, scheduler: Any) -> None:
        if scheduler.aborting and scheduler.is_task():
            if self.real.locked():
                self.real.release()
            self.owner = None
            return
        owner, known_to = self.owner, self._known_to
        self.real.release()
        if owner is not None and owner.index >= 0 and self._run is known_to.resources:
            # Outside a run the scheduler of a campaign is not the one in control.
            known_to.signalled = known_to.signalled or known_to.active

    def _at_fork_reinit(self) -> None:
        self.real._at_fork_reinit()
        self.owner, self._run = None, None

    def __reduce__(self) -> NoReturn:
        """Nor can the originals be copied."""
        raise TypeError(f"cannot pickle {type(self.real).__name__!r} object")

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()


class Lock(Mutex):
    """Behaves as `_thread.lock`."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(RealLock())

    def __init_subclass__(cls) -> NoReturn:
        """Nor can the original be derived from."""
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def release_at_end(self) -> None:
        """The task that holds it has ended."""
        if self.real.locked():
            self._free(control.scheduler)

    def __repr__(self) -> str:
        """As the original says it."""
        state = "locked" if self._is_taken() else "unlocked"
        return f"<{state} _thread.lock object at {id(self):#x}>"

    acquire_lock = Mutex.acquire
    release_lock = Mutex.release
    locked_lock = Mutex.locked


def _check(blocking: bool, timeout: float) -> None:
    if timeout == -1 or (blocking and 0 <= timeout <= _MOST_SECONDS):
        return
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout != timeout:
        raise ValueError("Invalid value NaN (not a number)")
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    raise OverflowError("timeout value is too large")
