"""Counting different numbers in bounded memory."""

from __future__ import annotations

import random

import pytest

from pytest_racecheck.campaign.distinct import EXACT_UP_TO, DistinctCount


def test_counts_exactly_up_to_the_bound() -> None:
    """Repeated numbers count once, negative ones and those beyond 64 bits included."""
    counted = DistinctCount(bound=1_000)
    for _ in range(3):
        for number in range(-500, 500):
            counted.add(number)
    assert (counted.count, counted.exact) == (1_000, True)
    counted.add(1 << 63)
    assert not counted.exact


def test_nothing_was_added() -> None:
    """The count begins at nothing, exactly."""
    assert (DistinctCount().count, DistinctCount().exact) == (0, True)


@pytest.mark.parametrize("numbers", ["in a row", "random", "far apart"])
def test_estimates_beyond_the_bound(numbers: str) -> None:
    """With a bound of 10,000 half a million numbers are estimated within 6 %, five standard errors; seeds are fixed."""
    generator = random.Random(4)
    make = {
        "in a row": lambda n: n,
        "random": lambda n: generator.getrandbits(64),
        "far apart": lambda n: n << 40,
    }[numbers]
    counted = DistinctCount(bound=10_000)
    for number in range(500_000):
        counted.add(make(number))
    assert not counted.exact
    assert counted.count == pytest.approx(500_000, rel=0.06)


def test_memory_does_not_grow() -> None:
    """No more numbers are kept than the bound says, and repeats change nothing."""
    counted = DistinctCount(bound=100)
    for number in range(5_000):
        counted.add(number)
        assert len(counted._kept) <= 100
    before = counted.count
    for number in range(5_000):
        counted.add(number)
    assert counted.count == before


def test_the_error_at_the_real_bound_is_small() -> None:
    """Three times the bound is estimated within 2 %, five standard errors; the numbers are fixed."""
    counted = DistinctCount()
    for number in range(3 * EXACT_UP_TO):
        counted.add(number)
    assert counted.count == pytest.approx(3 * EXACT_UP_TO, rel=0.02)
