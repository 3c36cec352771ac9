"""POS: partial order sampling (Yuan, Yang and Gu, 2018).

Every pending operation has a random priority of its own, and the highest is done. Then the task draws anew for its next operation,
and so does every task whose pending operation conflicts with the one that was done. That second part is what matters: orders of
independent operations look alike to the program, and drawing again only where the order matters spreads the runs over the orders
that differ, not over their many spellings.

The operations of tasks that cannot go on keep their priority: they have not been passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask, Task


class POS(Base):
    """Does the pending operation with the highest priority, and draws again for those in conflict with it."""

    name = "pos"
    fair = True
    counts = True

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random.random
        self._lowest = 0.0

    def started(self, task: Task) -> None:
        task.rank = self._random()

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The highest priority."""
        draw = self._random
        chosen = enabled[0]
        highest = chosen.rank
        for task in enabled:
            if task.rank > highest:
                chosen = task
                highest = task.rank
        resource = chosen.resource
        if resource is not None:
            writes = chosen.writes
            for task in enabled:
                if task.resource is resource and (writes or task.writes):
                    task.rank = draw()
        chosen.rank = draw()
        return chosen

    def executed(self, task: Task) -> None:
        # Nobody else was enabled, so nobody else is to draw.
        task.rank = self._random()

    def yielded(self, task: Task) -> None:
        # Below whatever is drawn, and below whoever has stood back before it, until it has done another operation.
        self._lowest -= 1.0
        task.rank = self._lowest
