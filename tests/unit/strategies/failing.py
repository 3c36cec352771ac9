"""Failing runs of the simulator, and their replays, as the shrinker sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from simulator import Program, Run, play, profile_of, replay

from pytest_racecheck.campaign.shrink import Attempt
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.random_walk import RandomWalk


def attempt_of(run: Run, outcome: str) -> Attempt:
    """What came of `run`, which was to end with `outcome`."""
    return Attempt(run.outcome == outcome, run.schedule, run.preemptions, run.switches, run.choices)


def replaying(program: Program, outcome: str) -> Callable[[Schedule], Attempt]:
    """The function that the shrinker calls."""
    return lambda schedule: attempt_of(replay(program, schedule), outcome)


def failing_runs(program: Program, count: int, strategy: Strategy | None = None) -> Iterator[Run]:
    """The first `count` runs that do not pass, under a random walk if nothing else is said."""
    strategy, profile = strategy or RandomWalk(), profile_of(program)
    seed = found = 0
    while found < count:
        run = play(program, strategy, Random(seed), profile)
        seed += 1
        if run.outcome != "passed":
            found += 1
            yield run
