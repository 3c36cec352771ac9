"""Whatever it begins with, shrinking never ends with something larger, or with another failure."""

from __future__ import annotations

from random import Random

from failing import attempt_of, replaying
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from simulated_kernels import deadlock01, dining, lost_update, noisy_loop, reorder, twostage
from simulator import Program, play, profile_of, replay

from pytest_racecheck.campaign.shrink import shrink
from pytest_racecheck.campaign.shrink.attempt import sort_key
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.strategies.random_walk import RandomWalk

PROGRAMS = st.sampled_from(
    [
        lost_update(),
        lost_update(3, 2),
        reorder(2),
        deadlock01(),
        dining(3),
        twostage(),
        noisy_loop(5),
    ]
)
BUDGETS = st.integers(0, 60)


@settings(deadline=None)
@given(program=PROGRAMS, seed=st.integers(0, 2**32 - 1), runs=BUDGETS)
def test_the_result_fails_alike_and_is_no_larger(program: Program, seed: int, runs: int) -> None:
    """The smallest attempt fails like the first, comes before it in the order, and is what its own schedule gives again."""
    rng, profile = Random(seed), profile_of(program, runs=3)
    run = play(program, RandomWalk(), rng, profile)
    for _ in range(100):
        if run.outcome != "passed":
            break
        run = play(program, RandomWalk(), rng, profile)
    assume(run.outcome != "passed")
    first, again = attempt_of(run, run.outcome), replaying(program, run.outcome)
    smallest = shrink(first, again, runs=runs, seconds=60)
    assert smallest.failed_alike
    assert sort_key(smallest) <= sort_key(first)
    assert again(smallest.schedule) == smallest


@settings(deadline=None)
@given(
    program=PROGRAMS,
    pairs=st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 6)), unique_by=lambda pair: pair[0]
    ),
)
def test_any_schedule_can_be_followed(program: Program, pairs: list[tuple[int, int]]) -> None:
    """A schedule that fits the program badly is followed where it can be; what then happened replays exactly."""
    run = replay(program, Schedule.of(sorted(pairs)))
    assert replay(program, run.schedule) == run
