"""A shrinker over made-up runs: which deviations are needed is all that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from pytest_racecheck.campaign.shrink.attempt import Attempt
from pytest_racecheck.campaign.shrink.shrinker import Deviations, Shrinker
from pytest_racecheck.model.schedule import Deviation, Schedule

Start = Callable[..., Shrinker]


@pytest.fixture
def shrinking() -> Start:
    """Makes a shrinker that begins with the given deviations; a schedule fails if `fails` says so of its deviations.

    `preemptions` counts those of a schedule, all its deviations if it is not given.
    """

    def start(
        pairs: Iterable[tuple[int, int]],
        fails: Callable[[Deviations], bool],
        preemptions: Callable[[Deviations], int] = len,
        choices: int = 100,
    ) -> Shrinker:
        def attempt(schedule: Schedule) -> Attempt:
            count = preemptions(schedule.deviations)
            return Attempt(fails(schedule.deviations), schedule, count, count, choices)

        first = attempt(Schedule(tuple(Deviation(*pair) for pair in pairs)))
        assert first.failed_alike
        return Shrinker(first, attempt, runs=1_000, seconds=60)

    return start
