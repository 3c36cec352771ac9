"""Turns: one task after the other in a circle, each for a few operations. No task waits longer than the others are many.

Not for finding races: it ends loops that wait for what another task has yet to do, and so tells a livelock from a task that
an unfair strategy has starved. How long a turn is is drawn. With turns of one operation tasks that give way to each other do so
in step for ever, as two philosophers with one fork each that they put back; no machine keeps that up, and nobody is to be accused of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask

_LONGEST = 8


class Turns(Base):
    """Chooses the current task or the next one in the order of their numbers. May take over in the middle of a run, without a `begin`."""

    name = "turns"
    fair = True

    def __init__(self) -> None:
        self.begin(Random(0), Profile())

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random
        self._last, self._left = -1, 0

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task as long as its turn lasts, else the one after it, or after the one that was chosen last."""
        if current is not None and current.index == self._last and self._left:
            self._left -= 1
            return current
        chosen = after(self._last if current is None else current.index, enabled)
        self._last, self._left = chosen.index, self._random.randrange(_LONGEST)
        return chosen


def after(index: int, enabled: Sequence[AnyTask]) -> AnyTask:
    """The first of `enabled` behind number `index` in the circle of all numbers."""
    for task in enabled:
        if task.index > index:
            return task
    return enabled[0]
