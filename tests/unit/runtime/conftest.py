"""Programs run under control, many times, without a campaign around them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.strategies.collecting import Collecting
from pytest_racecheck.strategies.random_walk import RandomWalk
from pytest_racecheck.strategies.replay import Replay


class Explored:
    """What came of the runs of one program: how often it returned what, or failed with which summary.

    `blocked` is the call out of control in which the last run was stuck, `uncontrolled` what the engine names, `schedules` are those of
    the runs that failed.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.returned: list[Any] = []
        self.blocked: Any = None
        self.uncontrolled: set[str] = set()
        self.schedules: list[Any] = []
        self.choices = 0

    @property
    def failures(self) -> list[str]:
        """The summaries of what failed."""
        return [outcome for outcome in self.outcomes if outcome != "passed"]


@pytest.fixture
def explored(tmp_path: Path) -> Callable[..., Explored]:
    """Run a program some times under random schedules, or under the given ones."""

    def explore(
        program: Callable[[], Any], runs: int = 50, *, timeouts: str = "last", collect: bool = False, replay: Any = None,
        limit: float | None = None,
    ) -> Explored:  # fmt: skip
        found = Explored()

        def body(_run: Any) -> None:
            found.returned.append(program())

        scope = Scope(tmp_path, (), (program.__code__.co_filename,))
        settings = Settings(timeouts=timeouts, gc=collect, max_steps=20_000)
        controlled = Controlled(body, settings, scope, lambda _error: "failure", None)
        if limit is not None:
            controlled.scheduler.outside._limit = limit
        with warnings.catch_warnings(), controlled.in_place():
            for number in range(runs):
                strategy: Any = RandomWalk() if replay is None else Replay(replay)
                if collect and replay is None:
                    strategy = Collecting(strategy)
                    strategy._points = 60
                run = controlled.run(strategy, Random(number), number)
                found.outcomes[run.summary() or "passed"] += 1
                found.choices = max(found.choices, controlled.scheduler.choices)
                if run.errors:
                    found.schedules.append(run.result().explored.schedule)
                found.blocked = controlled.blocked()
        found.uncontrolled = controlled.scheduler.uncontrolled
        return found

    return explore
