"""SURW: the uniform walk over what matters (Zhao, Wolff, Mathur and Roychoudhury, 2025).

Most operations have nothing to do with a bug, and a walk that is uniform over all of them spends its luck on their order. SURW takes
one shared resource a run and is uniform over the orders in which tasks get to that one: before anybody touches it, the task that
is to be next is drawn, in proportion to how often each will still touch it, and the others are held up in front of it until that one has
been there. All else is a random walk; its authors use random priorities there, but one that has just let go of a lock then is likely
to get it back, and buffers and queues hardly ever find their other side at work.

The task that is intended to be next may be unable to go on, waiting perhaps for one that is held up. Then the intention is given up,
as it is for a task that stands back: whoever is enabled can be chosen, so the search for one always ends. And when the intended task
starts another, the intention goes over to the child in proportion to what of the parent's count was the child's.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask, Task
from pytest_racecheck.strategies.remaining import Remaining

_NOWHERE: frozenset[PointNumber] = frozenset()


class SURW(Base):
    """Uniform over the order of operations at the points of one resource, drawn anew for each run.

    A task's `rank` is how often it will still come to these points.
    """

    name = "surw"
    # Not fair: a task that waits in a loop for one that is held up would wait for ever, if it were not made to stand back.
    counts = True

    def __init__(self) -> None:
        self._profile: Profile | None = None

    def begin(self, random: Random, profile: Profile) -> None:
        self._random = random.random
        if profile is not self._profile:
            self._profile = profile
            self._choosable = [
                (resource.points, Remaining(resource.counts, profile.parents))
                for resource in profile.resources
            ] or [(_NOWHERE, Remaining({}, {}))]
        which = int(random.random() * len(self._choosable))
        self._points, self._remaining = self._choosable[which]
        self._intended: Task | None = None

    def started(self, task: Task) -> None:
        task.rank = own = self._remaining.of(task.key)
        parent = task.parent
        if parent is not None:
            if parent is self._intended and self._random() * parent.rank < own:
                self._intended = task
            parent.rank = max(0.0, parent.rank - own)

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """Anyone who is not held up."""
        chosen = enabled[int(self._random() * len(enabled))]
        return chosen if chosen.point not in self._points else self._in_turn(enabled, chosen)

    def _in_turn(self, enabled: Sequence[AnyTask], candidate: AnyTask) -> AnyTask:
        """`candidate`, which stands before the resource, if it is the intended one, else someone who is not held up."""
        before = self._intended
        for intended in enabled:
            if intended is before:
                break
        else:
            intended = self._intend(enabled)
        chosen = candidate if candidate is intended else self._pass_over(enabled, intended)
        if chosen is intended and chosen.point in self._points:
            chosen.rank = max(0.0, chosen.rank - 1.0)
            self._intended = None
        return chosen

    def _intend(self, enabled: Sequence[AnyTask]) -> AnyTask:
        """Draw who is to touch the resource next. A task that has come to it does so once more, whatever was counted."""
        points = self._points
        total = 0.0
        for task in enabled:
            if task.rank < 1.0 and task.point in points:
                task.rank = 1.0
            total += task.rank
        drawn = self._random() * total
        for task in enabled:
            drawn -= task.rank
            if drawn < 0.0:
                break
        self._intended = task
        return task

    def _pass_over(self, enabled: Sequence[AnyTask], intended: AnyTask) -> AnyTask:
        """Anyone out of the intended task and those that are elsewhere."""
        points = self._points
        free = [task for task in enabled if task.point not in points]
        if intended.point in points:
            if not free:
                return intended
            free.append(intended)
        return free[int(self._random() * len(free))]

    def executed(self, task: Task) -> None:
        # Nobody else is enabled: whoever was intended cannot go on, or has been here now.
        if task.point in self._points:
            task.rank = max(0.0, task.rank - 1.0)
            self._intended = None

    def yielded(self, task: Task) -> None:
        if task is self._intended:
            self._intended = None
