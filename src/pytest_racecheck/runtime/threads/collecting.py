"""Garbage collection as an operation: when it happens is a choice, too.

A collection runs finalisers in whatever thread happens to trigger it, with all the locks that this thread holds. A finaliser that takes one of
them is a deadlock that shows once in a million calls. So, if it is asked for, strategies are offered one more task, which can
always go on: the collector. Choosing it lets no other task go on. It has the standing task itself collect, in its own greenlet, before
what it was about to do; then the choice is made again. A schedule holds it like any other deviation.

It is offered while a task could go on and stands before something that it does at once: before an operation that waits, a collection
has the same effect as before the one that came earlier. A task that is being looked at for the first time does not stand yet. Which
strategy chooses it how often is another matter: see `strategies/collecting.py`.

Everything that was there before the runs is left out of the collections (`gc.freeze`), and what one run leaves is collected before the
next, so a collection takes microseconds and finds what its own run has made.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_racecheck.runtime.threads.resources import held_by
from pytest_racecheck.runtime.threads.scheduler import Scheduler
from pytest_racecheck.runtime.threads.task import Task
from pytest_racecheck.strategies.collecting import COLLECTOR

if TYPE_CHECKING:
    from pytest_racecheck.strategies.protocol import Strategy

# Above the number of any task: the collector is never the default.
_INDEX = 1 << 20


class CollectingScheduler(Scheduler):
    """A scheduler that offers collections; `frozen` must be on while it is used."""

    def begin(self, strategy: Strategy) -> Task:
        """A run begins."""
        gc.collect()
        self._collector = Task(_INDEX, COLLECTOR, COLLECTOR, None, 0, daemon=True)
        self._collector.enabled = True
        main = super().begin(strategy)
        strategy.started(self._collector)
        return main

    @property
    def alone(self) -> bool:
        """Never: the collector is always there."""
        return False

    @alone.setter
    def alone(self, value: bool) -> None:
        pass

    def _pick(self, task: Task) -> Task:
        while self._may_collect(task):
            chosen = self._choice([*self.enabled, self._collector], task)
            if chosen is not self._collector:
                return chosen
            self.preemptions -= 1
            self.collect(task)
        return super()._pick(task)

    def _may_collect(self, task: Task) -> bool:
        if self.standing is not None or not task.enabled or task.wait is not None:
            return False
        holder = None if task.resource is None else held_by(task.resource)
        return task not in getattr(holder, "contenders", ())

    def collect(self, task: Task) -> None:
        """`task` collects, with what it holds; finalisers run as part of it."""
        pending = task.resource, task.writes, task.point
        resource = self.resources.of(gc, "garbage")
        task.resource, task.writes, task.point = resource, True, self.own_point("collect")
        resource.happened(task, True)
        if self.watch is not None:
            self.watch(task)
        gc.collect()
        if self.aborting:
            # It was a finaliser that could not go on: what ended it there nobody but the interpreter has seen.
            self.abort_here(task)
        task.resource, task.writes, task.point = pending


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    """What is there already is not collected inside the block."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
