"""Shrinking as a whole: to the smallest schedules that are known."""

from __future__ import annotations

import pytest
from failing import attempt_of, failing_runs, replaying
from simulated_kernels import (
    account,
    circular_buffer,
    deadlock01,
    dining,
    lost_update,
    noisy_loop,
    reorder,
    reorder_spawned,
    twostage,
    uneven,
)
from simulator import Program

from pytest_racecheck.campaign.shrink import Attempt, shrink
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.strategies.portfolio import Portfolio


@pytest.mark.parametrize(
    ("program", "preemptions", "switches"),
    [
        (lost_update(), 1, 2),
        (lost_update(5, 4), 1, 5),
        (reorder(3), 1, 1),
        (reorder(9), 1, 1),
        (reorder_spawned(5, 5), 1, 2),
        (twostage(), 1, 1),
        (deadlock01(), 1, 1),
        (dining(5), 1, 4),
        (uneven(25), 0, 1),
        (account(), 0, 2),
        (circular_buffer(), 1, 2),
    ],
    ids=lambda value: value.name if isinstance(value, Program) else "",
)
def test_every_failure_shrinks_to_the_fewest_preemptions_known(
    program: Program, preemptions: int, switches: int
) -> None:
    """Wherever the search begins, it ends with as few preemptions as the kernel needs, and as few switches."""
    for run in failing_runs(program, 25, Portfolio()):
        replay = replaying(program, run.outcome)
        smallest = shrink(attempt_of(run, run.outcome), replay, seconds=60)
        assert (smallest.preemptions, smallest.switches) == (preemptions, switches)
        assert replay(smallest.schedule) == smallest


def test_noise_goes() -> None:
    """A schedule of over 100 deviations in over 300 choices shrinks to the one that matters, within 500 runs."""
    program = noisy_loop(times=80)
    for run in failing_runs(program, 3):
        assert run.choices > 300
        assert len(run.deviations) > 100
        replay = replaying(program, run.outcome)
        smallest = shrink(attempt_of(run, run.outcome), replay, runs=500, seconds=60)
        assert len(smallest.schedule) == smallest.preemptions == 1


def test_what_fails_by_default_shrinks_to_nothing() -> None:
    """Where no deviation is needed none is left, after a single run."""
    tried = []

    def replay(schedule: Schedule) -> Attempt:
        tried.append(schedule)
        return Attempt(True, schedule, len(schedule), len(schedule), 50)

    first = Attempt(True, Schedule.of([(step, step % 2) for step in range(40)]), 40, 40, 50)
    assert shrink(first, replay).schedule == Schedule()
    assert tried == [Schedule()]


def test_another_failure_does_not_count() -> None:
    """When no smaller schedule fails in the same way, the first one is kept."""
    first = Attempt(True, Schedule.of([(1, 1), (3, 0)]), 2, 2, 9)
    assert shrink(first, lambda schedule: Attempt(False, schedule, 0, 0, 9)) is first


@pytest.mark.parametrize(("runs", "seconds"), [(0, 60.0), (500, 0.0)])
def test_without_budget_nothing_is_tried(runs: int, seconds: float) -> None:
    """Neither runs nor seconds: the failure is reported as it was found."""
    first = Attempt(True, Schedule.of([(1, 1), (3, 0)]), 2, 2, 9)

    def replay(schedule: Schedule) -> Attempt:
        raise AssertionError("nothing is to be run")

    assert shrink(first, replay, runs=runs, seconds=seconds) is first


def test_the_budget_in_runs_is_kept() -> None:
    """No more replays are made than were granted, whatever they say."""
    tried = []

    def replay(schedule: Schedule) -> Attempt:
        tried.append(schedule)
        return Attempt(len(tried) % 3 == 0, schedule, len(schedule), len(schedule), 400)

    shrink(
        Attempt(True, Schedule.of([(step, 1) for step in range(300)]), 300, 300, 400), replay, 70
    )
    assert len(tried) <= 70
    assert len(set(tried)) == len(tried)
