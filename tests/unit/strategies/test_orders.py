"""Schedules without a preemption, each once."""

from __future__ import annotations

from tasks import Standing, begun

from pytest_racecheck.strategies.orders import Orders

TASKS = [Standing(1), Standing(4), Standing(6)]


def ran(strategy: Orders) -> tuple[int, ...]:
    """Who went on, in a run in which each of three tasks does two steps, and the last of them waits for the first."""
    steps = {task.index: 2 for task in TASKS}
    current, order = None, []
    while any(steps.values()):
        enabled = [
            task for task in TASKS if steps[task.index] and (task.index != 6 or not steps[1])
        ]
        current = current if current in enabled else None
        current = strategy.choose(enabled, current) if len(enabled) > 1 else enabled[0]
        steps[current.index] -= 1
        order.append(current.index)
    return tuple(order)


def test_it_comes_by_all_of_them_once() -> None:
    """Three tasks of which one waits for another: three orders, and then it is through."""
    strategy = Orders()
    seen = []
    while not strategy.exhausted:
        begun(strategy, TASKS)
        seen.append(ran(strategy))
    assert sorted(seen) == [(1, 1, 4, 4, 6, 6), (1, 1, 6, 6, 4, 4), (4, 4, 1, 1, 6, 6)]


def test_it_never_interrupts() -> None:
    """Who can go on does."""
    strategy = begun(Orders(), TASKS)
    assert [strategy.choose(TASKS, task) for task in TASKS] == TASKS


def test_a_run_in_which_there_is_nothing_to_choose() -> None:
    """It is the only one."""
    strategy = Orders()
    assert not strategy.exhausted
    assert begun(strategy, TASKS).exhausted
