"""Round robin: one operation each, in turn. No task waits longer than the others are many.

Not for finding races: it ends loops that wait for what another task has yet to do, and so tells a livelock from a task that
an unfair strategy has starved.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask


class RoundRobin(Base):
    """Chooses the next one in the order of their numbers. May take over in the middle of a run, without a `begin`."""

    name = "round robin"
    fair = True

    def __init__(self) -> None:
        self._last = -1

    def begin(self, random: Random, profile: Profile) -> None:
        self._last = -1

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The one after the current task, or after the one that was chosen last."""
        chosen = after(self._last if current is None else current.index, enabled)
        self._last = chosen.index
        return chosen


def after(index: int, enabled: Sequence[AnyTask]) -> AnyTask:
    """The first of `enabled` behind number `index` in the circle of all numbers."""
    for task in enabled:
        if task.index > index:
            return task
    return enabled[0]
