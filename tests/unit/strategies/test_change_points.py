"""Where in a run something is to change."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from pytest_racecheck.strategies.change_points import NEVER, ChangePoints


def points(count: int, length: int, stretches: int = 1, seed: int = 1) -> list[int]:
    """The numbers handed out in the first stretches."""
    changes = ChangePoints(Random(seed).random, count, length)
    found = []
    while NEVER != changes.next < stretches * length:
        found.append(changes.next)
        changes.advance()
    return found


@pytest.mark.parametrize(("count", "length"), [(1, 1), (2, 5), (5, 5), (3, 1000)])
def test_they_are_distinct_and_ascending_in_every_stretch(count: int, length: int) -> None:
    """Each stretch of the given length has exactly that many, in order."""
    for seed in range(20):
        found = points(count, length, stretches=4, seed=seed)
        assert found == sorted(set(found))
        assert Counter(point // length for point in found) == dict.fromkeys(range(4), count)


@pytest.mark.parametrize(("count", "length"), [(3, 2), (2, 0), (1, 1)])
def test_more_than_there_are_choices_means_every_choice(count: int, length: int) -> None:
    """A length that is too small, or unknown, does not keep the drawing from ending."""
    length = max(length, 1)
    assert points(count, length, stretches=3) == list(range(3 * length))


def test_none_means_never() -> None:
    """Without changes no choice is one."""
    assert ChangePoints(Random(1).random, 0, 10).next == NEVER


def test_every_choice_is_equally_likely() -> None:
    """Each of ten numbers is drawn between 800 and 1,200 times of 10,000; the seeds are fixed."""
    drawn = Counter(points(1, 10, seed=seed)[0] for seed in range(10_000))
    assert set(drawn) == set(range(10))
    assert all(800 < times < 1_200 for times in drawn.values())
