"""Replay."""

from __future__ import annotations

from tasks import Standing, begun, chosen

from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.strategies.replay import Replay


def test_it_follows_the_deviations_and_else_the_default() -> None:
    """The named task goes on at its step, then remains the current one."""
    tasks = [Standing(0), Standing(1), Standing(2)]
    strategy = begun(Replay(Schedule.of([(1, 2), (4, 1)])), tasks)
    assert chosen(strategy, tasks, 6) == [0, 2, 2, 2, 1, 1]
    assert (strategy.missed, strategy.pending) == ([], ())


def test_a_task_that_cannot_go_on_is_missed() -> None:
    """The default task goes on in its place, the deviation is kept, and later ones are followed."""
    tasks = [Standing(0), Standing(1)]
    strategy = begun(Replay(Schedule.of([(1, 7), (2, 1)])), tasks)
    assert chosen(strategy, tasks, 4) == [0, 0, 1, 1]
    assert strategy.missed == [Deviation(1, 7)]


def test_what_the_run_did_not_come_to_is_pending() -> None:
    """A run that ends before the schedule does leaves the rest."""
    tasks = [Standing(0), Standing(1)]
    strategy = begun(Replay(Schedule.of([(0, 1), (9, 0), (12, 1)])), tasks)
    chosen(strategy, tasks, 3)
    assert strategy.pending == (Deviation(9, 0), Deviation(12, 1))


def test_it_begins_anew_with_every_run() -> None:
    """The same strategy replays the same schedule again."""
    tasks = [Standing(0), Standing(1)]
    strategy = Replay(Schedule.of([(1, 1), (2, 5)]))
    runs = [chosen(begun(strategy, tasks), tasks, 4) for _ in range(2)]
    assert runs[0] == runs[1] == [0, 1, 1, 1]
    assert strategy.missed == [Deviation(2, 5)]
