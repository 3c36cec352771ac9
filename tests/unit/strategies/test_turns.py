"""Turns."""

from __future__ import annotations

from tasks import Standing, chosen

from pytest_racecheck.strategies.turns import Turns, after


def test_everyone_has_a_turn_in_order() -> None:
    """Each goes on for a while, and then the next one in the circle; also without a beginning: it takes over runs that others have begun."""
    tasks = [Standing(0), Standing(2), Standing(5)]
    went = chosen(Turns(), tasks, 60)
    turns = [one for one, before in zip(went, [None, *went], strict=False) if one != before]
    assert turns[:7] == [0, 2, 5, 0, 2, 5, 0]
    assert 7 < len(turns) < 60


def test_it_goes_on_behind_the_one_that_went_last() -> None:
    """Where the current task cannot go on, the next number has its turn, not the lowest."""
    first, second, third = tasks = [Standing(0), Standing(1), Standing(2)]
    strategy = Turns()
    assert strategy.choose(tasks, first) is second
    assert strategy.choose([first, third], None) is third


def test_after_the_last_comes_the_first() -> None:
    """The numbers form a circle."""
    tasks = [Standing(3), Standing(7)]
    assert [after(index, tasks).index for index in (2, 3, 6, 7)] == [3, 7, 7, 3]
