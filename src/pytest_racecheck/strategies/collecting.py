"""Collections of garbage, strewn over runs whose other choices another strategy makes.

The collector can always go on, so a strategy that took it for a task like the others would choose it at every other point. What matters is
where the one collection falls that a run of the real program may have. So each run gets one or two, at places drawn uniformly from as many
points as earlier runs had, and the other strategy never sees the collector.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.protocol import AnyTask, Strategy, Task

#: The key of the one among the enabled that is no task; it comes last.
COLLECTOR = "garbage collector"
_MOST = 2


class Collecting:
    """Chooses as `strategy` does, and sometimes the collector."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._be_like(strategy)
        self._points = 1
        self._at: set[int] = set()
        self._point = 0

    def begin(self, random: Random, profile: Profile) -> None:
        """A run begins."""
        self._points = max(self._points, self._point)
        times = random.randint(1, _MOST)
        self._at = {random.randrange(self._points) for _ in range(times)}
        self._point = 0
        strategy = self._strategy
        strategy.begin(random, profile)
        self._be_like(strategy)

    def _be_like(self, strategy: Strategy) -> None:
        self.name, self.fair, self.counts = strategy.name, strategy.fair, strategy.counts
        self.everywhere = strategy.everywhere

    def started(self, task: Task) -> None:
        """A task was made, or the collector."""
        if task.key != COLLECTOR:
            self._strategy.started(task)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The collector at its places, else what the other one chooses from the tasks."""
        if enabled[-1].key != COLLECTOR:
            return self._strategy.choose(enabled, current)
        point = self._point
        self._point = point + 1
        if point in self._at:
            return enabled[-1]
        tasks = enabled[:-1]
        if len(tasks) > 1:
            return self._strategy.choose(tasks, current)
        if self._strategy.counts:
            self._strategy.executed(tasks[0])
        return tasks[0]

    def executed(self, task: Task) -> None:
        """Nobody else could go on."""
        self._strategy.executed(task)

    def yielded(self, task: Task) -> None:
        """`task` is to stand back."""
        if task.key != COLLECTOR:
            self._strategy.yielded(task)
