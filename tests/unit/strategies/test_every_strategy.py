"""What holds for every strategy alike."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from simulated_kernels import account, dining, locked_counter, lost_update, reorder_spawned
from simulator import Program, play, profile_of, replay

from pytest_racecheck.model.profile import Profile, SharedResource
from pytest_racecheck.strategies.default import Default
from pytest_racecheck.strategies.delay import Delay
from pytest_racecheck.strategies.pct import PCT
from pytest_racecheck.strategies.portfolio import Portfolio
from pytest_racecheck.strategies.pos import POS
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.random_walk import RandomWalk
from pytest_racecheck.strategies.surw import SURW
from pytest_racecheck.strategies.turns import Turns
from pytest_racecheck.strategies.urw import URW

EVERY = (Default, Turns, RandomWalk, PCT, POS, URW, SURW, Delay, Portfolio)
PROGRAMS = (lost_update(3, 2), dining(3), account(), reorder_spawned(3, 2))
every_strategy = pytest.mark.parametrize("make", EVERY, ids=lambda kind: kind.__name__)
every_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


@every_strategy
@every_program
def test_the_same_generator_gives_the_same_runs(
    make: Callable[[], Strategy], program: Program
) -> None:
    """Two strategies told the same make the same choices, run by run."""
    profile = profile_of(program)

    def schedules() -> list[object]:
        strategy = make()
        return [play(program, strategy, Random(seed), profile).deviations for seed in range(40)]

    assert schedules() == schedules()


@every_strategy
@every_program
def test_what_it_did_can_be_replayed(make: Callable[[], Strategy], program: Program) -> None:
    """Following the deviations of a run gives the run again."""
    strategy, profile = make(), profile_of(program)
    for seed in range(40):
        run = play(program, strategy, Random(seed), profile)
        assert replay(program, run.schedule) == run


@every_strategy
def test_a_profile_may_be_empty_or_wrong(make: Callable[[], Strategy]) -> None:
    """Tasks that nobody has counted, and counts of tasks that do not come, change probabilities only."""
    stale = Profile(
        choices=1,
        tasks=9,
        counts={"main": 3, "main/gone": 5},
        parents={"main": None, "main/gone": "main"},
        resources=(SharedResource(frozenset({1, 2, 3}), {"main/gone": 5}),),
    )
    strategy = make()
    for profile in (Profile(), stale):
        for program in PROGRAMS:
            for seed in range(20):
                play(program, strategy, Random(seed), profile)


@every_strategy
def test_correct_programs_pass(make: Callable[[], Strategy]) -> None:
    """No strategy makes a locked counter lose an update."""
    strategy, program = make(), locked_counter(3)
    profile = profile_of(program)
    assert all(
        play(program, strategy, Random(seed), profile).outcome == "passed" for seed in range(200)
    )


@every_strategy
def test_one_that_yields_does_no_harm(make: Callable[[], Strategy]) -> None:
    """Being told at any time that a task yields never keeps a run from ending."""

    class Yielding:
        def __init__(self) -> None:
            self.inner = make()
            self.name, self.fair, self.counts = "yielding", False, True

        def begin(self, random: Random, profile: Profile) -> None:
            self.inner.begin(random, profile)
            self.random = random

        def started(self, task: object) -> None:
            self.inner.started(task)

        def choose(self, enabled: list, current: object) -> object:
            if self.random.random() < 0.5:
                self.inner.yielded(current or enabled[0])
            chosen = self.inner.choose(enabled, current)
            assert chosen in enabled
            return chosen

        def executed(self, task: object) -> None:
            if self.inner.counts:
                self.inner.executed(task)

    for program in PROGRAMS:
        profile, strategy = profile_of(program), Yielding()
        for seed in range(30):
            play(program, strategy, Random(seed), profile)
