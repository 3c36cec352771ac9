"""URW."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from simulated_kernels import lost_update, uneven
from simulator import Program, interleavings, play, profile_of
from tasks import Standing, begun

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.strategies.urw import URW


@pytest.mark.parametrize("program", [lost_update(2, 2), uneven(9)], ids=lambda it: it.name)
def test_every_interleaving_is_equally_likely(program: Program) -> None:
    """Of n interleavings each comes up in 1/n of 200 n runs, give or take five standard errors; the seed is fixed."""
    orders = [tuple(run.order) for run in interleavings(program)]
    strategy, profile, rng = URW(), profile_of(program), Random(5)
    seen = Counter(
        tuple(play(program, strategy, rng, profile, watch=True).order)
        for _ in range(200 * len(orders))
    )
    assert set(seen) == set(orders)
    assert all(abs(times - 200) < 5 * 200**0.5 for times in seen.values())


def test_a_child_takes_its_share_from_its_parent() -> None:
    """What a task will do is its parent's until it starts, and nobody counts for less than one operation."""
    profile = Profile(counts={"m": 3, "m/a": 4}, parents={"m": None, "m/a": "m"})
    parent = Standing(0, "m")
    strategy = begun(URW(), [parent], profile)
    assert parent.rank == 7
    child = Standing(1, "m/a", parent)
    strategy.started(child)
    assert (parent.rank, child.rank) == (3, 4)
    for _ in range(9):
        strategy.executed(parent)
    assert parent.rank == 1


def test_a_task_that_was_never_seen_counts_like_the_least() -> None:
    """An unknown key gets the smallest count there is."""
    profile = Profile(counts={"a": 6, "b": 4}, parents={"a": None, "b": None})
    stranger = Standing(2, "c")
    begun(URW(), [Standing(0, "a"), Standing(1, "b"), stranger], profile)
    assert stranger.rank == 4
