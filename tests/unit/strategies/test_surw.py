"""SURW."""

from __future__ import annotations

from collections import Counter
from random import Random

from simulated_kernels import noisy_loop
from simulator import play, profile_of
from tasks import Standing, begun

from pytest_racecheck.model.profile import Profile, SharedResource
from pytest_racecheck.strategies.surw import SURW

HOT = 7


def profile(**counts: int) -> Profile:
    """One shared resource, touched at the point HOT, by independent tasks."""
    return Profile(
        counts=counts,
        parents=dict.fromkeys(counts),
        resources=(SharedResource(frozenset({HOT}), counts),),
    )


def test_the_order_on_the_resource_is_uniform_whatever_else_is_done() -> None:
    """Two of three orders of a read and a write each lose the update, however long the tasks are beside; the seed is fixed."""
    program = noisy_loop(times=30)
    known, strategy, rng = profile_of(program), SURW(), Random(2)
    outcomes = Counter(play(program, strategy, rng, known).outcome for _ in range(2_000))
    assert 0.62 < outcomes["failed"] / 2_000 < 0.71


def test_others_are_held_up_until_the_intended_task_has_been_there() -> None:
    """While one is intended and elsewhere, nobody else passes the resource."""
    for seed in range(30):
        waiting, coming = Standing(0, "a", point=HOT), Standing(1, "b", point=1)
        strategy = begun(SURW(), [waiting, coming], profile(a=1, b=1_000_000), seed)
        for _ in range(20):
            assert strategy.choose([waiting, coming], None) is coming


def test_an_intention_ends_when_its_task_cannot_go_on() -> None:
    """Those that were held up for a task that is not enabled any more are let through."""
    for seed in range(30):
        first, second, intended = (
            Standing(0, "a", point=HOT), Standing(1, "b", point=HOT), Standing(2, "c", point=1),
        )  # fmt: skip
        strategy = begun(SURW(), [first, second, intended], profile(a=1, b=1, c=1_000_000), seed)
        strategy.choose([first, second, intended], None)
        assert strategy.choose([first, second], None) in (first, second)


def test_an_intention_ends_when_its_task_stands_back() -> None:
    """A task that waits in a loop for one that is held up lets it through by yielding."""
    held, looping = Standing(0, "a", point=HOT), Standing(1, "b", point=1)
    strategy = begun(SURW(), [held, looping], profile(a=1, b=1))
    seen = set()
    for _ in range(200):
        seen.add(strategy.choose([held, looping], None))
        strategy.yielded(looping)
    assert held in seen


def test_a_child_inherits_the_intention() -> None:
    """The intention goes over to the child that has all of the parent's share."""
    counts = {"m/a": 50, "o": 1}
    known = Profile(
        counts=counts,
        parents={"m": None, "m/a": "m", "o": None},
        resources=(SharedResource(frozenset({HOT}), counts),),
    )
    parent, other = Standing(0, "m", point=1), Standing(1, "o", point=HOT)
    strategy = begun(SURW(), [parent, other], known, seed=1)
    while strategy._intended is not parent:
        strategy.begin(Random(strategy._random()), known)
        for task in (parent, other):
            strategy.started(task)
        strategy.choose([parent, other], None)
    child = Standing(2, "m/a", parent, point=1)
    strategy.started(child)
    assert all(strategy.choose([parent, other, child], None) is not other for _ in range(50))


def test_without_a_shared_resource_it_is_a_random_walk() -> None:
    """Nothing to be uniform over: everyone is equally likely."""
    tasks = [Standing(0), Standing(1)]
    strategy = begun(SURW(), tasks)
    counts = Counter(strategy.choose(tasks, None).index for _ in range(1_000))
    assert 400 < counts[0] < 600
