"""Waiting: a task that cannot go on, until somebody lets it, or until virtual time has come to its deadline."""

from __future__ import annotations

from typing import Any

from pytest_racecheck.runtime.threads.task import Task, Wait


class Blocking:
    """The part of a scheduler that has tasks wait. `timed` are those that do so until a deadline."""

    now: float
    timed: list[Task]
    any_timeouts: bool
    stand: Any
    enable: Any
    disable: Any

    def expire(self, task: Task) -> None:
        """Virtual time comes to the deadline of `task`: its wait has timed out, and so has that of whoever waits no longer than that."""
        self.now = max(self.now, task.deadline or 0.0)
        for due in [one for one in self.timed if (one.deadline or 0.0) <= self.now]:
            due.timed_out = True
            self.timed.remove(due)
            self.enable(due)

    def block(
        self, task: Task, wait: Wait, deadline: float | None = None, *, ready: bool = False
    ) -> None:
        """`task` stands, not enabled, until somebody enables it or virtual time reaches its deadline (`timed_out`).

        `ready`: what it waits for is there already, and it is enabled until somebody takes that away.
        """
        task.wait = wait
        task.timed_out = False
        if deadline is not None:
            task.deadline = deadline
            self.timed.append(task)
        if not ready and (deadline is None or not self.any_timeouts):
            self.disable(task)
        try:
            self.stand(task)
        finally:
            task.wait = None
            if deadline is not None:
                task.deadline = None
                if task in self.timed:
                    self.timed.remove(task)


def by_deadline(task: Task) -> tuple[float, int]:
    """The order in which timed waits end."""
    return (task.deadline or 0.0, task.index)
