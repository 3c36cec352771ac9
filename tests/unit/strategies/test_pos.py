"""POS."""

from __future__ import annotations

import pytest
from tasks import Standing, begun

from pytest_racecheck.strategies.pos import POS

HERE, ELSEWHERE = object(), object()


@pytest.mark.parametrize(
    ("resource", "writes", "draws"),
    [(HERE, True, True), (HERE, False, False), (ELSEWHERE, True, False), (None, True, False)],
)
def test_those_in_conflict_draw_again(resource: object, writes: bool, draws: bool) -> None:
    """After a read, who writes the same resource has a new priority; who reads it, or is elsewhere, keeps the old one."""
    done, other = Standing(0, resource=HERE), Standing(1, resource=resource, writes=writes)
    strategy = begun(POS(), [done, other])
    done.rank, other.rank = 0.9, 0.1
    assert strategy.choose([done, other], None) is done
    assert done.rank != 0.9
    assert (other.rank != 0.1) == draws


def test_a_task_draws_again_when_it_went_on_without_a_choice() -> None:
    """Every operation has a priority of its own, whether anybody else was enabled or not."""
    task = Standing(0)
    strategy = begun(POS(), [task])
    before = task.rank
    strategy.executed(task)
    assert strategy.counts
    assert task.rank != before


def test_those_that_yield_stand_back_in_turn() -> None:
    """Of tasks that all wait in loops, the one that has waited longest goes on."""
    tasks = [Standing(number) for number in range(3)]
    strategy = begun(POS(), tasks)
    for task in tasks:
        strategy.yielded(task)
    assert strategy.choose(tasks, None) is tasks[0]
    strategy.yielded(tasks[0])
    assert strategy.choose(tasks, None) is tasks[1]
