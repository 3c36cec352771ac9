"""URW: the uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, 2025).

A random walk prefers schedules in which tasks take turns: there are more ways to finish after the longer task has gone on than
after the shorter one, and the walk does not know. So each task is chosen in proportion to the operations it has yet to do; where
the counts are right and nothing blocks, every interleaving then has the same probability.

The counts come from an earlier run. A task that has yet to be started counts for the one that will start it, and since a run may
differ from the one that was counted, nobody ever counts for less than one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask, Task
from pytest_racecheck.strategies.remaining import Remaining

_LEAST = 1.0


class URW(Base):
    """Chooses in proportion to the operations that tasks have before them, which is their `rank`."""

    name = "urw"
    fair = True
    counts = True

    def __init__(self) -> None:
        self._profile: Profile | None = None

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random.random
        if profile is not self._profile:
            self._profile = profile
            self._remaining = Remaining(profile.counts, profile.parents)

    def started(self, task: Task) -> None:
        task.rank = own = max(_LEAST, self._remaining.of(task.key))
        parent = task.parent
        if parent is not None:
            parent.rank = max(_LEAST, parent.rank - own)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """Anyone, but rather one that has much before it."""
        total = 0.0
        for task in enabled:
            total += task.rank
        drawn = self._random() * total
        for task in enabled:
            drawn -= task.rank
            if drawn < 0.0:
                break
        if task.rank > _LEAST:
            task.rank -= 1.0
        return task

    def executed(self, task: Task) -> None:
        if task.rank > _LEAST:
            task.rank -= 1.0
