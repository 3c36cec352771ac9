"""A schedule over the places that matter, spelled out over all places.

A search leaves out the places that touch nothing shared; a token has to mean the same in a process that has not learned which those
are. So a run that was found to fail is done once more with every place a point, in which tasks that stand at a cold place are let through without
asking anybody. Such an operation commutes with everything the others do, so the run is the same, and its deviations, counted over all
points, are what is shrunk, recorded and put into the token.

Where garbage collection is a choice, one more thing has to be told apart. A task that was forced to go on, as nobody else could, while it stood at a
cold place, stands in the search at the place that matters after it, and is forced through that: no choice, for the collector is offered
when a task arrives. Here it arrives now, with the collector for company, and `inner` must not be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.collecting import COLLECTOR
from pytest_racecheck.strategies.protocol import AnyTask, Strategy, Task


class ThroughCold(Base):
    """Asks `inner` only where no enabled task stands at a place that `is_cold`.

    To `inner` the current task is the last one that did an operation at a place that matters.
    """

    name = "through cold"
    counts = True

    def __init__(self, inner: Strategy, is_cold: Callable[[PointNumber], bool]) -> None:
        self.inner = inner
        self._is_cold = is_cold
        self._asked = False
        self._last: Task | None = None
        self._forced: Task | None = None

    def begin(self, random: Random, profile: Profile) -> None:
        self._asked, self._last, self._forced = False, None, None
        self.inner.begin(random, profile)

    def started(self, task: Task) -> None:
        self.inner.started(task)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """Whoever stands at a cold place, the current task before others; else what `inner` chooses."""
        if not self._asked:
            self._asked, self._last = True, current
        if current is not None and self._is_cold(current.point):
            return current
        standing = None
        for task in enabled:
            if self._is_cold(task.point):
                return task
            if task is self._last:
                standing = task
        forced, self._forced = self._forced, None
        if current is not None and current is forced and _is_alone(enabled):
            self._last = current
            return current
        chosen = self.inner.choose(enabled, standing)
        if chosen.key != COLLECTOR:
            self._last = chosen
        return chosen

    def executed(self, task: Task) -> None:
        if self._is_cold(task.point):
            self._forced = task
        else:
            self._asked, self._last, self._forced = True, task, None


def _is_alone(enabled: Sequence[AnyTask]) -> bool:
    """But for the collector."""
    return len(enabled) == 2 and enabled[-1].key == COLLECTOR
