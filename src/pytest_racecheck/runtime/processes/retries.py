"""Tasks that have tried something in vain, on something that the system looks after and not we: locks on files, a database.

When it is worth trying again is not known for certain, but when it may be: when something was done to the same thing, and when a process has
ended. If nobody can go on at all, everybody tries once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_racecheck.runtime.threads.task import Task, Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.request import Key, Request
    from pytest_racecheck.runtime.threads.scheduler import Scheduler


class Retries:
    """Those of one run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiting: dict[Task, Key] = {}
        self._done = 0
        self._tried = -1

    def begin(self) -> None:
        """A run begins."""
        self._waiting.clear()
        self._done, self._tried = 0, -1

    def wait(self, task: Task, request: Request) -> bool:
        """`task` stands until it may try again; False if its time is over."""
        operation, deadline = request.rest
        self._waiting[task] = request.key
        try:
            self._scheduler.block(task, Wait(operation, request), deadline)
        finally:
            del self._waiting[task]
        return not task.timed_out

    def done(self, request: Request) -> None:
        """An operation was done that is no retry."""
        self._done += 1
        if request.writes and self._waiting:
            for task, key in self._waiting.items():
                if key == request.key:
                    self._scheduler.enable(task)

    def all(self) -> None:
        """Everybody may try again."""
        for task in self._waiting:
            self._scheduler.enable(task)

    def all_once_more(self) -> bool:
        """The same, unless nothing has happened since the last time; whether anybody can go on."""
        if not self._waiting or self._tried == self._done:
            return False
        self._tried = self._done
        self.all()
        return True
