"""Random walk: everyone who can go on is equally likely to.

The cheapest strategy, and blind: a run in which one short task comes after a long one has the probability of a coin that falls the same
way every time. It needs to know nothing about the program, and no task is ever starved.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask


class RandomWalk(Base):
    """Chooses uniformly among the enabled tasks."""

    name = "random"
    fair = True

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random.random

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """Anyone."""
        return enabled[int(self._random() * len(enabled))]
