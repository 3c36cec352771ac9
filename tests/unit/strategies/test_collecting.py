"""Collections among the choices of another strategy."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.collecting import COLLECTOR, Collecting
from pytest_racecheck.strategies.default import Default
from pytest_racecheck.strategies.pos import POS


def _tasks(*keys):
    return [
        SimpleNamespace(
            index=n, key=key, parent=None, resource=None, writes=False, point=0, rank=0.0
        )
        for n, key in enumerate(keys)
    ]


def test_one_or_two_a_run():
    """From the second run on each has one collection or two, at different places."""
    strategy = Collecting(Default())
    tasks = _tasks("a", "b", COLLECTOR)
    counts, places = set(), set()
    for number in range(60):
        strategy.begin(Random(number), Profile())
        chosen = [strategy.choose(tasks, tasks[0]).key for _ in range(20)]
        if number:
            counts.add(chosen.count(COLLECTOR))
            places.update(n for n, key in enumerate(chosen) if key == COLLECTOR)
    assert counts == {1, 2}
    assert len(places) > 10


def test_the_other_strategy_never_sees_it():
    """It is asked about the tasks alone, told of those that had no choice, and not of the collector's start."""
    strategy = Collecting(POS())
    strategy.begin(Random(1), Profile())
    assert (strategy.name, strategy.counts, strategy.fair) == ("pos", True, True)
    one, collector = _tasks("a", COLLECTOR)
    strategy.started(one)
    strategy.started(collector)
    assert one.rank > 0
    assert collector.rank == 0
    strategy.yielded(collector)
    assert collector.rank == 0
    strategy._at = set()
    rank = one.rank
    assert strategy.choose([one, collector], one) is one
    assert one.rank != rank
