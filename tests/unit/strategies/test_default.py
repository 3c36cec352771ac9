"""The default schedule."""

from __future__ import annotations

from tasks import Standing, begun

from pytest_racecheck.strategies.default import Default


def test_the_current_task_goes_on_and_else_the_lowest() -> None:
    """Nobody is preempted, and where somebody has to be chosen it is the lowest number."""
    tasks = [Standing(1), Standing(4), Standing(6)]
    strategy = begun(Default(), tasks)
    assert strategy.choose(tasks, tasks[1]) is tasks[1]
    assert strategy.choose(tasks, None) is tasks[0]
