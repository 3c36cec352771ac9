"""Delay bounding."""

from __future__ import annotations

from random import Random

from tasks import Standing, begun, chosen

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.delay import Delay


def test_the_number_of_delays_rotates() -> None:
    """The first run has none, which would be the same run every time; then come one, two and three in turn."""
    strategy = Delay()
    seen = []
    for _ in range(8):
        strategy.begin(Random(1), Profile())
        seen.append(strategy.delays)
    assert seen == [0, 1, 2, 3, 1, 2, 3, 1]


def test_a_delay_passes_control_on_in_the_circle() -> None:
    """Among tasks that can always go on, control moves once a delay, to the next number."""
    tasks = [Standing(number) for number in range(3)]
    strategy = Delay()
    for seed in range(30):
        begun(strategy, tasks, Profile(choices=40), seed)
        indexes = chosen(strategy, tasks, 40)
        moves = [
            (other - one) % 3
            for one, other in zip([0, *indexes], indexes, strict=False)
            if one != other
        ]
        assert moves == [1] * strategy.delays


def test_the_circle_goes_on_where_it_was() -> None:
    """When the current task cannot go on, the next in the circle does, not the lowest."""
    first, second, third = tasks = [Standing(number) for number in range(3)]
    strategy = begun(Delay(), tasks)
    assert strategy.choose(tasks, second) is second
    assert strategy.choose([first, third], None) is third
    assert strategy.choose([first, second], None) is first


def test_one_that_yields_is_passed_over_once() -> None:
    """A yield is a delay that costs none of the drawn ones."""
    first, second = tasks = [Standing(0), Standing(1)]
    strategy = begun(Delay(), tasks)
    strategy.yielded(first)
    assert chosen(strategy, tasks, 3) == [1, 1, 1]
