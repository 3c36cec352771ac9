"""The random walk."""

from __future__ import annotations

from collections import Counter

from tasks import Standing, begun, chosen

from pytest_racecheck.strategies.random_walk import RandomWalk


def test_everyone_is_equally_likely() -> None:
    """Each of four tasks is chosen between 2,300 and 2,700 times of 10,000; the seed is fixed."""
    tasks = [Standing(number) for number in range(4)]
    counts = Counter(chosen(begun(RandomWalk(), tasks), tasks, 10_000))
    assert set(counts) == set(range(4))
    assert all(2_300 < count < 2_700 for count in counts.values())
