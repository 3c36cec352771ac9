"""PCT: priorities that change at a few places (Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010).

Every task has a random priority and the highest goes on, so a run is one task after another except where, at d - 1 choices drawn
beforehand, the task that is about to go on falls below all others. A bug that needs d orderings is hit with probability 1/(n k^(d-1))
at least, for n tasks and k choices.

A larger d is not simply better: a bug that needs one task to come last of all is hit by half of the runs at d = 1 and by hardly
any at d = 3, since every change point disturbs it. So the depth changes from run to run.

Who falls later falls lower: the task that was to go on must not do so just because another one had fallen before.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.change_points import ChangePoints
from pytest_racecheck.strategies.protocol import AnyTask, Task

DEPTHS = (1, 2, 3)


class PCT(Base):
    """Runs the task with the highest priority; `depth` takes the numbers of `depths` in turn, one a run."""

    def __init__(self, depths: Sequence[int] = DEPTHS) -> None:
        self.name = "pct" if len(depths) > 1 else f"pct-{depths[0]}"
        self._depths = tuple(depths)
        self._runs = 0
        self.depth = self._depths[0]

    def begin(self, random: Random, profile: Profile) -> None:
        self.depth = self._depths[self._runs % len(self._depths)]
        self._runs += 1
        self._random = random.random
        self._points = ChangePoints(random.random, self.depth - 1, profile.choices)
        self._next = self._points.next
        self._step = 0
        self._lowest = 0.0

    def started(self, task: Task) -> None:
        task.rank = self._random()

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The highest priority, after the one that had it has fallen, if it is to."""
        chosen = enabled[0]
        highest = chosen.rank
        for task in enabled:
            if task.rank > highest:
                chosen = task
                highest = task.rank
        step = self._step
        self._step = step + 1
        if step == self._next:
            self._next = self._points.advance()
            self.yielded(chosen)
            return max(enabled, key=_rank)
        return chosen

    def yielded(self, task: Task) -> None:
        self._lowest -= 1.0
        task.rank = self._lowest


def _rank(task: Task) -> float:
    return task.rank
