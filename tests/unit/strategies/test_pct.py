"""PCT."""

from __future__ import annotations

from random import Random

from tasks import Standing, begun, chosen

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.pct import PCT


def test_depth_rotates_run_by_run() -> None:
    """The depths are taken in turn; a single one is part of the name."""
    strategy = PCT()
    seen = []
    for _ in range(7):
        strategy.begin(Random(1), Profile())
        seen.append(strategy.depth)
    assert seen == [1, 2, 3, 1, 2, 3, 1]
    assert (strategy.name, PCT((2,)).name) == ("pct", "pct-2")


def test_a_run_of_depth_d_has_d_minus_one_changes() -> None:
    """Among tasks that can always go on, control moves exactly as often as a priority falls."""
    tasks = [Standing(number) for number in range(4)]
    for depth in (1, 2, 3):
        for seed in range(20):
            strategy = begun(PCT((depth,)), tasks, Profile(choices=50), seed)
            indexes = chosen(strategy, tasks, 50)
            changes = sum(one != other for one, other in zip(indexes, indexes[1:], strict=False))
            # A change at the very first choice is not seen as one.
            assert depth - 2 <= changes <= depth - 1


def test_who_falls_later_falls_lower() -> None:
    """When both of two tasks have fallen, the first of them goes on."""
    tasks = [Standing(0), Standing(1)]
    for seed in range(20):
        strategy = begun(PCT((3,)), tasks, Profile(choices=2), seed)
        first, second = chosen(strategy, tasks, 2)
        assert first != second


def test_one_that_yields_stands_back() -> None:
    """The highest priority falls below all others when its task yields."""
    tasks = [Standing(number) for number in range(3)]
    strategy = begun(PCT((1,)), tasks)
    highest = strategy.choose(tasks, None)
    strategy.yielded(highest)
    assert strategy.choose(tasks, highest) is not highest
