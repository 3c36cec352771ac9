"""Tasks that stand still, for tests that ask a strategy directly."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.protocol import Strategy


class Standing:
    """A task before one pending operation, for ever."""

    def __init__(
        self,
        index: int,
        key: str = "",
        parent: Any = None,
        resource: object = None,
        writes: bool = False,
        point: int = -1,
    ) -> None:
        self.index = index
        self.key = key or f"task-{index}"
        self.parent = parent
        self.resource = resource
        self.writes = writes
        self.point = point
        self.rank = 0.0


def begun(
    strategy: Strategy, tasks: Sequence[Standing], profile: Profile | None = None, seed: int = 3
) -> Any:
    """`strategy` in a run in which `tasks` have been made."""
    strategy.begin(Random(seed), profile or Profile())
    for task in tasks:
        strategy.started(task)
    return strategy


def chosen(strategy: Any, tasks: Sequence[Standing], times: int) -> list[int]:
    """The indexes that it chooses, the last one always being current."""
    current = None
    indexes = []
    for _ in range(times):
        current = strategy.choose(tasks, current)
        indexes.append(current.index)
    return indexes
