"""Schedules over the places that matter, followed where every place is a point."""

from __future__ import annotations

import pytest
from tasks import Standing, begun

from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.strategies.collecting import COLLECTOR
from pytest_racecheck.strategies.replay import Replay
from pytest_racecheck.strategies.through_cold import ThroughCold

COLD, HOT = 1, 2
GC = Standing(1 << 20, COLLECTOR)


@pytest.fixture
def through():
    """The deviations, followed."""

    def follow(*deviations):
        schedule = Schedule(tuple(Deviation(*pair) for pair in deviations))
        return begun(ThroughCold(Replay(schedule), COLD.__eq__), [])

    return follow


def test_who_stands_at_a_cold_place_is_let_through(through) -> None:
    """Nobody is asked until all stand where it matters, and then the first choice is number 0."""
    one, other = Standing(1, point=HOT), Standing(2, point=COLD)
    strategy = through((0, 2))
    assert strategy.choose([one, other], one) is other
    other.point = HOT
    assert strategy.choose([one, other], other) is other


def test_who_has_collected_goes_on(through) -> None:
    """The collector is no task that could be the current one: after it the default is who was."""
    task = Standing(1, point=HOT)
    strategy = through((0, GC.index))
    assert strategy.choose([task, GC], task) is GC
    assert strategy.choose([task, GC], task) is task


def test_a_task_that_was_forced_through_a_cold_place_is_forced_on(through) -> None:
    """In the search it stood at the hot place when nobody else could go on, and nobody was asked for a collection."""
    task = Standing(1, point=COLD)
    strategy = through((0, GC.index))
    strategy.executed(task)
    task.point = HOT
    assert strategy.choose([task, GC], task) is task
    assert strategy.choose([task, GC], task) is GC
