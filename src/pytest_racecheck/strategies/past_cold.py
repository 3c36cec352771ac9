"""Schedules over all places that are drawn as if there were only those that matter.

What a search for fewer preemptions draws is new, and need not be what a search without the cold places would have come to
(`through_cold.py` is for that). So whoever is chosen goes on through cold places until something matters, and those who were not chosen stay where
they are: to bring them to the next place that matters, as that one does, is a switch away from somebody who could have gone on, and would count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask, Strategy, Task


class PastCold(Base):
    """Asks `inner` unless the current task stands at a place that `is_cold`; then that one goes on."""

    name = "past cold"

    def __init__(self, inner: Strategy, is_cold: Callable[[PointNumber], bool]) -> None:
        self.inner = inner
        self._is_cold = is_cold

    def begin(self, random: Random, profile: Profile) -> None:
        self.inner.begin(random, profile)

    def started(self, task: Task) -> None:
        self.inner.started(task)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task through cold places, and what `inner` chooses everywhere else."""
        if current is not None and self._is_cold(current.point):
            return current
        return self.inner.choose(enabled, current)
