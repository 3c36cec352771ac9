"""Where a program does something of its own on what its tasks share, as against all that libraries do for it.

A pool that hands out ten calls comes to a thousand choices at its queues, pipes and locks, and the program itself to twenty. A race of the program
is at one of the twenty, where a random place hardly ever is. So some of the runs go on by default, and interrupt tasks only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pytest_racecheck.model.profile import PointNumber, Profile
from pytest_racecheck.strategies.bounded import Bounded

# Where more than one of so many is the program's own there is nothing to focus on.
_ONE_OF = 2
_PREEMPTIONS = (1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Focus:
    """The program's own points, and how many times a run comes to them at most.

    `everywhere`: none of them has touched anything shared so far. The second worker of a pool may have had nothing to do in any run: then what the
    workers do is no point, so none is interrupted there, and for that reason the second has nothing to do.
    """

    points: frozenset[PointNumber]
    times: int
    everywhere: bool = False


def focus_of(profile: Profile) -> Focus | None:
    """That of a program; None where most of what it does is its own."""
    own = [resource for resource in profile.resources if resource.own]
    times = sum(sum(resource.counts.values()) for resource in own)
    if times:
        points: frozenset[PointNumber] = frozenset().union(*(one.points for one in own))
        return Focus(points, times) if times * _ONE_OF <= profile.choices else None
    if profile.own_times and profile.own_times * _ONE_OF <= profile.steps:
        return Focus(profile.own_points, profile.own_times, everywhere=True)
    return None


class Focused(Bounded):
    """Interrupts tasks once to three times, in turn, at the program's own points only; in every other run the lowest task is next by default."""

    name = "focused"

    def __init__(self) -> None:
        super().__init__(0, 1)
        self._runs = 0

    def begin(self, random: Random, profile: Profile) -> None:
        focus = focus_of(profile)
        self.everywhere = focus is not None and focus.everywhere
        self._at = None if focus is None else focus.points
        self._choices = max(1, profile.choices if focus is None else focus.times)
        self._preemptions = _PREEMPTIONS[self._runs % len(_PREEMPTIONS)]
        self._in_order = self._runs % 2 == 0
        self._runs += 1
        # What is known of the program is known from the profile.
        self._step = 0
        super().begin(random, profile)
