"""A kernel: a small concurrent program with one known bug, or its correct twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_racecheck import RaceReport, explore

Body = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Kernel:
    """One program, and what is known about it.

    `setup(shared)` makes the state, `bodies` are the tasks, each called with it; `check` is False exactly when the bug
    happened. A kernel whose tasks assert or deadlock by themselves has no check; one whose single body starts its threads
    itself has no setup either. `preemptions` is the fewest that reach the bug. `kind` and `resource` are what a
    report must call it, None where several words would be right. A twin is `racy=False` and differs by the fix only.
    """

    name: str
    bodies: tuple[Body, ...]
    setup: Callable[[Any], object] | None = None
    check: Callable[..., object] | None = None
    racy: bool = True
    preemptions: int | None = None
    kind: str | None = None
    resource: str | None = None

    def explore(self, **words: Any) -> RaceReport:
        """Search for the bug; `words` are those of `pytest_racecheck.explore`."""
        return explore(
            self.bodies, setup=self.setup, check=self.check, **{"mode": "explore", **words}
        )

    def __str__(self) -> str:
        return self.name
