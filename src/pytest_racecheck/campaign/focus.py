"""Where a program does something of its own on what its tasks share, as against all that libraries do for it.

A pool that hands out ten calls comes to a thousand choices at its queues, pipes and locks, and the program itself to twenty. A race of the program
is at one of the twenty, where a random place hardly ever is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_racecheck.model.profile import PointNumber

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.controlled import Controlled

# Where the program's own are more than one of so many there is nothing to focus on.
_ONE_OF = 4


@dataclass(frozen=True, slots=True)
class Focus:
    """The program's own points, and how many times a run comes to them at most."""

    points: frozenset[PointNumber]
    times: int


def focus_of(controlled: Controlled) -> Focus | None:
    """That of the program as the watched runs have shown it; None where most of what it does is its own."""
    profile, places = controlled.profile, controlled.scheduler.places
    own = [
        resource
        for resource in profile.resources
        if any(point >= 0 or point in places for point in resource.points)
    ]
    times = sum(sum(resource.counts.values()) for resource in own)
    if not times or times * _ONE_OF > profile.choices:
        return None
    return Focus(frozenset().union(*(resource.points for resource in own)), times)
