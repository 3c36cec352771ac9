"""Who decides in a process that is a part of somebody else's program."""

from __future__ import annotations

from typing import Protocol

from pytest_racecheck.runtime.threads.task import Task


class Superior(Protocol):
    """Asked by the scheduler of a process that another one schedules."""

    def stand(self, task: Task) -> None:
        """The scheduling point before the pending operation of `task`; returns when it is to be done."""

    def ended(self, task: Task) -> Task:
        """`task` has ended; returns who goes on."""
