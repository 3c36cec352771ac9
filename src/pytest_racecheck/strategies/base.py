"""A strategy that needs to be told nothing, for the others to start from."""

from __future__ import annotations

from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.protocol import Task


class Base:
    """Takes note of nothing. What a strategy says differently is what it needs to know."""

    fair = False
    counts = False
    everywhere = False

    def begin(self, random: Random, profile: Profile) -> None:
        """A run begins."""

    def started(self, task: Task) -> None:
        """A task was made."""

    def executed(self, task: Task) -> None:
        """`task` goes on without a choice."""

    def yielded(self, task: Task) -> None:
        """`task` is to stand back for a while."""
