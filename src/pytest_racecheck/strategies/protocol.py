"""What a strategy is, and what it sees of the tasks it chooses among.

The scheduler asks only where two tasks or more are enabled. It hands over the tasks themselves; a strategy reads what each is about
to do and may keep one number of its own on each (`rank`), and nothing else. A choice must be a function of the generator given
to `begin` and of what the strategy was told since: that is what makes runs replayable.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

from pytest_racecheck.model.profile import PointNumber, Profile


class Task(Protocol):
    """A task, as strategies see it.

    `index` is its number in the run, by creation, the main task being 0; `key` names it alike in all runs. Its pending operation
    touches `resource` (equal resources are one object; None where nothing is known), and `writes` unless it only reads; `point`
    is the number of its place in the code. `rank` is the strategy's own.
    """

    @property
    def index(self) -> int: ...

    @property
    def key(self) -> str: ...

    @property
    def parent(self) -> Task | None: ...

    @property
    def resource(self) -> object | None: ...

    @property
    def writes(self) -> bool: ...

    @property
    def point(self) -> PointNumber: ...

    rank: float


#: Whatever the scheduler's own tasks are: it gets back one of those it handed over.
AnyTask = TypeVar("AnyTask", bound=Task)


class Strategy(Protocol):
    """Makes the choices of many runs, one after another.

    A run begins with `begin`, before the scheduler looks at anything else of the strategy; `fair`, `counts` and `choose` itself may
    be others in each run.

    `fair`: every task that stays enabled is chosen sooner or later, with probability one. `counts`: it must be told of operations
    that happened without a choice, too. `everywhere`: each place is to be a point, also those that have touched nothing shared so far.
    """

    name: str
    fair: bool
    counts: bool
    everywhere: bool

    def begin(self, random: Random, profile: Profile) -> None:
        """A run begins. `random` is its own; `profile` is what earlier runs have shown."""

    def started(self, task: Task) -> None:
        """A task was made, the main task included; it is not yet enabled."""

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """One of `enabled`, which are two or more in the order of their index.

        `current` is the one of them that did the last operation, None where that one cannot go on.
        """

    def executed(self, task: Task) -> None:
        """`task` goes on without a choice having been made; told only to strategies that count."""

    def yielded(self, task: Task) -> None:
        """`task` waits in a loop for something that others must do: it is to stand back for a while."""


def conflicts(first: Task, second: Task) -> bool:
    """Whether the pending operations of two tasks do not commute."""
    return (
        first.resource is not None
        and first.resource is second.resource
        and (first.writes or second.writes)
    )
