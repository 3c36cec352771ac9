"""The portfolio."""

from __future__ import annotations

from random import Random

from simulated_kernels import reorder, uneven
from simulator import play, profile_of
from tasks import Standing

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.portfolio import MANY_TASKS, Portfolio


def test_everyone_has_a_turn() -> None:
    """All samplers come up, PCT with each depth, and again in the same order; it says whose turn it is."""
    strategy = Portfolio()
    names = []
    for _ in range(16):
        strategy.begin(Random(1), Profile())
        names.append(strategy.current_name)
    assert names[:8] == names[8:]
    assert sorted(names[:8]) == [
        "delay", "pct-1", "pct-2", "pct-3", "pos", "random", "surw", "urw",
    ]  # fmt: skip


def test_many_tasks() -> None:
    """Those who count interruptions have one turn each where there are many tasks, those who treat all alike two."""
    strategy = Portfolio()
    names = []
    for _ in range(8):
        strategy.begin(Random(1), Profile(tasks=MANY_TASKS))
        names.append(strategy.current_name)
    assert sorted(names) == ["delay", "pct-2", "pos", "pos", "random", "surw", "surw", "urw"]


def test_it_behaves_like_the_one_whose_turn_it_is() -> None:
    """Whether it counts and is fair is that strategy's answer, and choices cost no more than its own."""
    strategy = Portfolio()
    seen = {}
    for _ in range(8):
        strategy.begin(Random(1), Profile())
        seen[strategy.current_name] = (strategy.fair, strategy.counts)
        tasks = [Standing(0), Standing(1)]
        for task in tasks:
            strategy.started(task)
        assert strategy.choose(tasks, None) in tasks
    assert seen["random"] == (True, False)
    assert seen["pos"] == (True, True)
    assert seen["surw"] == (False, True)
    assert seen["pct-2"] == (False, False)


def test_it_finds_what_single_strategies_do_not() -> None:
    """Both a bug that random walks miss and one that shallow priorities miss come up in 400 runs; the seeds are fixed."""
    for program in (uneven(25), reorder(3)):
        strategy, profile = Portfolio(), profile_of(program)
        outcomes = [play(program, strategy, Random(seed), profile).outcome for seed in range(400)]
        assert "failed" in outcomes
