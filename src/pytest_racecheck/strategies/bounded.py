"""Few preemptions, at random places: the search for a smaller schedule that shrinking alone would not come to.

Taking deviations away from a schedule ends in a local minimum: five philosophers who were interrupted three times cannot be brought down to one
interruption step by step, since the order in which the others go on has to change with it. Such a schedule is not rare among those with
one preemption, so it is drawn.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask

NOWHERE = -1


class Bounded(Base):
    """Interrupts tasks at exactly `preemptions` of the first `choices` choices, of those `at` certain points where such are named.

    Where a run has more of them than that, the next one reckons with as many: locks and other primitives are choices, too, and nobody has counted those.
    Where one cannot go on any other does, or, `in_order`, the one with the lowest number.
    """

    name = "bounded"

    def __init__(
        self, preemptions: int, choices: int, *, in_order: bool = False, at: Container[PointNumber] | None = None,
    ) -> None:  # fmt: skip
        self._preemptions = preemptions
        self._choices = choices
        self._in_order = in_order
        self._at = at
        self._step = 0

    @property
    def asked(self) -> int:
        """How many choices there were in the last run, of those that it counts."""
        return self._step

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random.random
        self._choices = max(self._choices, self._step)
        count = min(self._preemptions, self._choices)
        self._places = frozenset(random.sample(range(self._choices), count))
        self._step = 0

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task, unless it cannot or its time has come."""
        step = self._step
        if self._at is None or (current is not None and current.point in self._at):
            self._step = step + 1
        else:
            step = NOWHERE
        if current is not None and step not in self._places:
            return current
        if current is None and self._in_order:
            return enabled[0]
        others = [task for task in enabled if task is not current]
        return others[int(self._random() * len(others))]
