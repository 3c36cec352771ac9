"""What earlier runs of a program have shown about its size, for the strategies that need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The number of a scheduling point in the code; equal in all runs of a campaign.
PointNumber = int


@dataclass(frozen=True, slots=True)
class SharedResource:
    """Something that two tasks or more touched and one of them wrote.

    `points` are the places in the code that touched it, `counts` how often each task (by key) did. `own`: code in
    scope touches it, and not a library's alone.
    """

    points: frozenset[PointNumber]
    counts: Mapping[str, int]
    own: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """The size of one earlier run.

    `choices` counts the points at which two tasks or more could go on, the largest number seen so far; `tasks` the tasks.
    `counts` has each task's own operations by its key, `parents` the key of the task that started it. `own_points` are all places of the code in
    scope, shared or not, that a run came to `own_times` times, of `steps` in all.
    """

    choices: int = 0
    tasks: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    parents: Mapping[str, str | None] = field(default_factory=dict)
    resources: tuple[SharedResource, ...] = ()
    own_points: frozenset[PointNumber] = frozenset()
    own_times: int = 0
    steps: int = 0
