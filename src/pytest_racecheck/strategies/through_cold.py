"""A schedule over the places that matter, spelled out over all places.

A search leaves out the places that touch nothing shared; a token has to mean the same in a process that has not learned which those
are. So a run that was found to fail is done once more with every place a point, in which tasks that stand at a cold place are let through without
asking anybody. Such an operation commutes with everything the others do, so the run is the same, and its deviations, counted over all
points, are what is shrunk, recorded and put into the token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.base import Base
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

    def begin(self, random: Random, profile: Profile) -> None:
        self._asked, self._last = False, None
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
        chosen = self.inner.choose(enabled, standing)
        self._last = chosen
        return chosen

    def executed(self, task: Task) -> None:
        if not self._is_cold(task.point):
            self._asked, self._last = True, task
