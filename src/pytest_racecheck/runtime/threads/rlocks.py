"""`_thread.RLock` under control: the lock that its owner may take again.

Only the outermost acquire and release are operations; in between nobody else can tell how often it was taken. The real lock inside
belongs to the OS thread and so cannot tell tasks apart; that is the model's part, and it holds the real one once, however
often a task has taken it.
"""

from __future__ import annotations

import _thread
from typing import Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.locks import Mutex

RealRLock: Any = _thread.RLock


class RLock(Mutex):
    """Behaves as `_thread.RLock`. `before` is how often the main task had taken it before the run."""

    __slots__ = ("before", "count")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # What arguments it takes depends on the version.
        super().__init__(RealRLock(*args, **kwargs))
        self.count = self.before = 0

    @classmethod
    def around(cls, real: Any) -> RLock:
        """Controls a lock that was made before the campaign, and that others go on using."""
        made = super().around(real)
        made.count = made.before = 0
        return made

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock once more, waiting for it if asked to; whether it was taken."""
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            return self._acquire_outside(scheduler, blocking, timeout)
        if self._run is not scheduler.resources:
            self._meet(scheduler)
        if self.owner is task:
            self.count += 1
            return True
        taken = Mutex.acquire(self, blocking, timeout)
        if taken:
            self.count = 1
        return taken

    def release(self) -> None:
        """Give it back once; RuntimeError for anybody but its owner."""
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            self._release_outside(scheduler)
            return
        if self._run is not scheduler.resources:
            self._meet(scheduler)
        if self.owner is not task:
            raise RuntimeError("cannot release un-acquired lock")
        if self.count > 1:
            self.count -= 1
            return
        Mutex.release(self)
        self.count = 0

    def _release_outside(self, scheduler: Any) -> None:
        if scheduler.aborting and scheduler.is_task():
            if self.owner is not None and self.owner.index >= 0:
                self.count, self.owner = 0, None
                self.real.release()
            return
        self.real.release()

    def _is_taken(self) -> bool:
        if self.owner is not None and self.owner.index >= 0:
            return True
        asked = getattr(self.real, "locked", None)
        if asked is not None:
            return bool(asked())
        if self.real._is_owned():
            return True
        if self.real.acquire(False):
            self.real.release()
            return False
        return True

    def _meet(self, scheduler: Any) -> None:
        super()._meet(scheduler)
        self.count = 0
        if self.real._is_owned():
            # The thread on which the tasks run had it before they came: that was the main task.
            self.owner = scheduler.tasks[0]
            self.before = self.count = _depth(self.real)
            for _ in range(self.before - 1):
                self.real.release()

    def put_back(self) -> None:
        """No run goes on, or none that has met this lock: leave it held or free as it was before the last one."""
        held = int(self.owner is not None and self.owner.index >= 0)
        for _ in range(held, self.before):
            self.real.acquire(False)
        if held > self.before:
            self.real.release()
        self.before = 0
        self.owner, self.returned, self._run = None, False, None

    def _is_owned(self) -> bool:
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is getcurrent():
            if self._run is not scheduler.resources:
                self._meet(scheduler)
            return self.owner is task
        return bool(self.real._is_owned())

    def _recursion_count(self) -> int:
        task = control.scheduler.current
        if task.greenlet is getcurrent():
            return self.count if self._is_owned() else 0
        return _depth(self.real)

    def _release_save(self) -> Any:
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            if scheduler.aborting and scheduler.is_task():
                self._release_outside(scheduler)
                return 1, 0
            return self.real._release_save()
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        count, self.count = self.count, 1
        self.release()
        return count, task.ident

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        scheduler = control.scheduler
        if scheduler.current.greenlet is not getcurrent() and not scheduler.aborting:
            self.real._acquire_restore(state)
            return
        self.acquire()
        self.count = state[0]

    __enter__ = acquire

    def __repr__(self) -> str:
        """As the original says it."""
        owner = self.owner.ident if self.owner is not None else 0
        state = "locked" if self._is_taken() else "unlocked"
        return f"<{state} _thread.RLock object owner={owner} count={self.count} at {id(self):#x}>"


def _depth(real: Any) -> int:
    """How often the calling OS thread has taken it."""
    if not real._is_owned():
        return 0
    state = real._release_save()
    real._acquire_restore(state)
    return int(state[0])
