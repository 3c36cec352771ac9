"""Few preemptions at random places."""

from __future__ import annotations

from collections import Counter

from tasks import Standing, begun, chosen

from pytest_racecheck.strategies.bounded import Bounded

TASKS = [Standing(1), Standing(4), Standing(6)]


def test_it_preempts_as_often_as_it_is_told() -> None:
    """Of ten choices exactly two are switches away from a task that could go on."""
    for seed in range(20):
        strategy = begun(Bounded(2, 10), TASKS, seed=seed)
        current, preempted = TASKS[0], 0
        for _ in range(10):
            before, current = current, strategy.choose(TASKS, current)
            preempted += current is not before
        assert preempted == 2


def test_where_a_task_cannot_go_on_any_other_does() -> None:
    """The next one is drawn."""
    first = Counter(
        chosen(begun(Bounded(0, 10), TASKS, seed=seed), TASKS, 1)[0] for seed in range(60)
    )
    assert set(first) == {1, 4, 6}


def test_in_order_the_lowest_does() -> None:
    """Only who interrupts is drawn then."""
    for seed in range(20):
        strategy = begun(Bounded(0, 10, in_order=True), TASKS, seed=seed)
        assert chosen(strategy, TASKS, 3) == [1, 1, 1]


def test_of_certain_points_it_counts_no_others() -> None:
    """Nobody is interrupted at the others, and they use up nothing."""
    tasks = [Standing(1, point=7), Standing(4, point=8)]
    for seed in range(20):
        strategy = begun(Bounded(1, 3, at=frozenset({7})), tasks, seed=seed)
        elsewhere = [strategy.choose(tasks, tasks[1]).index for _ in range(5)]
        there = [strategy.choose(tasks, tasks[0]).index for _ in range(5)]
        assert elsewhere == [4] * 5
        assert sorted(there) == [1, 1, 1, 1, 4]
        assert 4 in there[:3]


def test_it_learns_how_many_choices_there_are() -> None:
    """A run of more choices than it reckoned with is interrupted anywhere in them from the next one on."""
    strategy, places = Bounded(1, 2), set()
    for seed in range(60):
        begun(strategy, TASKS, seed=seed)
        places.add(
            next((n for n in range(8) if strategy.choose(TASKS, TASKS[0]) is not TASKS[0]), None)
        )
        while strategy.asked < 8:
            strategy.choose(TASKS, TASKS[0])
    assert places >= set(range(8))
