"""What is not decided by the schedule is called no race, however often it has come again by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict

LOTS = Path("/dev/urandom")


class Shared:
    """Two tasks write to it, so there are schedules."""

    def __init__(self) -> None:
        self.value = 0


def write(shared: Shared) -> None:
    shared.value = 1


@pytest.mark.skipif(not LOTS.exists(), reason="the system draws no lots")
def test_a_test_that_is_merely_flaky() -> None:
    """Half of its runs fail. Each of these campaigns is wrong with a probability below 2**-24: both schedules are repeated twelve times."""
    with LOTS.open("rb", buffering=0) as lots:

        def check(_: Shared) -> bool:
            return lots.read(1)[0] >= 128

        for seed in range(12):
            report = explore(
                write,
                setup=Shared,
                check=check,
                workers=2,
                schedules=100,
                backend="thread",
                seed=seed,
            )
            assert report.verdict is Verdict.INCONCLUSIVE, str(report)


class Worn:
    """Passes a few times, and fails from then on: neither is the schedule's doing."""

    def __init__(self, good: int) -> None:
        self.left = iter(range(good))

    def check(self, _: Shared) -> bool:
        return next(self.left, None) is not None


@pytest.mark.parametrize("good", [3, 5, 9])
def test_a_run_that_passed_and_does_not_pass_again(good: int) -> None:
    """It was no other schedule that passed, but another time."""
    report: Any = explore(
        write,
        setup=Shared,
        check=Worn(good).check,
        workers=2,
        schedules=100,
        backend="thread",
        seed=1,
    )
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "passed, but not when it was repeated" in str(report)
