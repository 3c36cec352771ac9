"""Delay bounding: one task after another, but for a few delays (Emmi, Qadeer and Rakamarić, 2011).

Without delays the tasks form a circle and each runs until it cannot go on. A delay passes over the task whose turn it is, which
then waits for the circle to come round. How many runs there are with K delays does not depend on how many tasks there are, and most
bugs need very few; so K takes small numbers in turn, and each run draws that many choices at which to delay.

The base order has no draw in it, so without delays all runs are alike: K is 0 only the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.change_points import ChangePoints
from pytest_racecheck.strategies.protocol import AnyTask, Task
from pytest_racecheck.strategies.turns import after

MOST_DELAYS = 3


class Delay(Base):
    """Runs tasks one after another with `delays` delays: 0 in the first run, then 1 to `most` in turn."""

    name = "delay"

    def __init__(self, most: int = MOST_DELAYS) -> None:
        self._most = most
        self._runs = 0
        self.delays = 0

    def begin(self, random: Random, profile: Profile) -> None:
        self.delays = (self._runs - 1) % self._most + 1 if self._runs else 0
        self._runs += 1
        self._points = ChangePoints(random.random, self.delays, profile.choices)
        self._next = self._points.next
        self._step = 0
        self._last = -1
        self._yielded = False

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task, else the next in the circle; where a delay was drawn, the one after that."""
        chosen = after(self._last, enabled) if current is None else current
        step = self._step
        self._step = step + 1
        if step == self._next:
            self._next = self._points.advance()
            chosen = after(chosen.index, enabled)
        elif self._yielded:
            chosen = after(chosen.index, enabled)
        self._yielded = False
        self._last = chosen.index
        return chosen

    def yielded(self, task: Task) -> None:
        self._yielded = True
