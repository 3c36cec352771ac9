"""All schedules without a preemption, one after the other, each once.

Before a race is shown with an interruption it has to be sure that it needs one. Drawn at random, the schedules without any come again and
again, and one may be missed; there are few of them, for all that there is to choose is who goes on when somebody cannot. So they are walked through
as a tree, depth first: a run follows the choices of the one before up to the last that has another answer left, gives that, and the first answer to
everything after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask


class Orders(Base):
    """Each run is the next schedule; `exhausted` is true when the last run was the last one."""

    name = "orders"

    def __init__(self) -> None:
        # What the current run has answered and is to answer, and how many answers there were.
        self._answers: list[int] = []
        self._among: list[int] = []
        self._step = 0
        self._begun = False

    @property
    def exhausted(self) -> bool:
        """There was a run, and none of its choices has another answer left."""
        return self._begun and all(
            answer + 1 >= among for answer, among in zip(self._answers, self._among, strict=True)
        )

    def begin(self, random: Random, profile: Profile) -> None:
        while self._answers and self._answers[-1] + 1 >= self._among[-1]:
            self._answers.pop()
            self._among.pop()
        if self._answers:
            self._answers[-1] += 1
        self._step = 0
        self._begun = True

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task while it can go on, and the next answer where it cannot."""
        if current is not None:
            return current
        step = self._step
        self._step = step + 1
        if step == len(self._answers):
            self._answers.append(0)
            self._among.append(len(enabled))
        return enabled[min(self._answers[step], len(enabled) - 1)]
