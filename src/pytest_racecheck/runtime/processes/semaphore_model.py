"""A semaphore that processes share, as the process knows it that schedules: who can take it, and who has.

Its value is not kept here between runs: each task that comes to it says what it finds, and as nobody else moves meanwhile, that is the truth. From
there on what tasks do with it is counted along. A task that stands before taking it is one of its contenders, and is enabled while there is
something to take; so nobody ever waits in the semaphore itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.threads.task import Task, Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.request import Request
    from pytest_racecheck.runtime.threads.resources import Resource
    from pytest_racecheck.runtime.threads.scheduler import Scheduler


class SemaphoreModel:
    """One semaphore in one run. `holders` have taken it and not given it back, the latest last; `taken_at` says where."""

    def __init__(self, scheduler: Scheduler, resource: Resource) -> None:
        self.resource = resource
        self.value = 0
        self.holders: list[Task] = []
        self.taken_at: Position | None = None
        self._scheduler = scheduler
        self._contenders: list[Task] = []

    def take(
        self, task: Task, request: Request, value: int, blocking: bool, timeout: float | None
    ) -> bool:
        """`task` stands until it can take it, and takes it; whether it did."""
        if not self._stand(task, value, blocking, timeout):
            return False
        self.value -= 1
        self.holders.append(task)
        self.taken_at = _position(request)
        if not self.value:
            for other in self._contenders:
                if not other.timed_out:
                    self._scheduler.disable(other)
        return True

    def pass_by(self, task: Task, value: int) -> None:
        """`task` stands until it could take it; what it then does with what is guarded it does at once, and gives it back."""
        self._stand(task, value, True, None)

    def give(self, task: Task, value: int) -> None:
        """`task` gives it back."""
        self.value = value + 1
        if task in self.holders:
            self.holders.remove(task)
        elif self.holders:
            self.holders.pop()
        for other in self._contenders:
            self._scheduler.enable(other)

    def __str__(self) -> str:
        return f"a lock, since {self.taken_at}" if self.taken_at is not None else "a lock"

    @property
    def holder(self) -> Task | None:
        """Who would have to give it back."""
        return self.holders[-1] if self.holders else None

    def _stand(self, task: Task, value: int, blocking: bool, timeout: float | None) -> bool:
        scheduler = self._scheduler
        self.value = value
        if not blocking or (timeout is not None and timeout <= 0):
            scheduler.stand(task)
            if not self.value:
                scheduler.strategy.yielded(task)
            return self.value > 0
        deadline = None if timeout is None else scheduler.now + timeout
        self._contenders.append(task)
        try:
            wait = Wait("acquire", self, self._current_holder)
            scheduler.block(task, wait, deadline, ready=self.value > 0)
        finally:
            self._contenders.remove(task)
        if not self.value and deadline is not None:
            scheduler.now = max(scheduler.now, deadline)
        return self.value > 0

    def _current_holder(self) -> Task | None:
        return self.holder


def _position(request: Request) -> Position | None:
    return None if request.place is None else Position(*request.place)
