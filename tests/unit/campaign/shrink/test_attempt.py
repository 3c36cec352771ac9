"""Which of two attempts is the smaller."""

from __future__ import annotations

import itertools

from pytest_racecheck.campaign.shrink.attempt import Attempt, sort_key
from pytest_racecheck.model.schedule import Schedule


def attempt(preemptions: int, switches: int, *deviations: tuple[int, int]) -> Attempt:
    """An attempt that failed alike."""
    return Attempt(True, Schedule.of(deviations), preemptions, switches, 100)


def test_the_order() -> None:
    """Preemptions come before switches, then the number of deviations, then low tasks, then late steps."""
    ascending = [
        attempt(0, 9, (1, 5), (2, 5), (3, 5)),
        attempt(1, 2, (1, 5), (2, 5), (3, 5)),
        attempt(1, 3, (9, 1)),
        attempt(1, 3, (4, 1)),
        attempt(1, 3, (9, 2)),
        attempt(1, 3, (8, 1), (9, 2)),
        attempt(1, 3, (4, 1), (9, 2)),
        attempt(2, 2),
    ]
    assert all(sort_key(one) < sort_key(two) for one, two in itertools.pairwise(ascending))
