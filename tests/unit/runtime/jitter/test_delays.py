"""When a task is held up, and for how long."""

from __future__ import annotations

import itertools

import pytest

from pytest_racecheck.runtime.jitter.delays import (
    READ_WEIGHT,
    SHORTEST_DELAY,
    WRITE_WEIGHT,
    Profile,
    RunDelays,
)

WEIGHTS = {"main": 4.0, "worker-1": 20.0, "worker-2": 20.0}
LONGEST = 2e-3


def drawn(delays: RunDelays, task: str, points: int = 200) -> list[float]:
    """The delays of the first points of a task, reads and writes in turn."""
    stream = delays.stream(task)
    weights = itertools.islice(itertools.cycle((READ_WEIGHT, WRITE_WEIGHT)), points)
    return [stream.at(weight) for weight in weights]


@pytest.mark.parametrize("run", range(1, 30))
def test_same_seed_same_delays(run: int) -> None:
    """Seed, run and task name fix every delay."""
    first = RunDelays.draw(7, run, LONGEST, WEIGHTS)
    again = RunDelays.draw(7, run, LONGEST, WEIGHTS)
    for task in WEIGHTS:
        assert drawn(first, task) == drawn(again, task)


def test_another_seed_other_delays() -> None:
    """Different seeds give different delays somewhere in thirty runs."""
    mine = [drawn(RunDelays.draw(7, run, LONGEST, WEIGHTS), "worker-1") for run in range(3, 33)]
    other = [drawn(RunDelays.draw(8, run, LONGEST, WEIGHTS), "worker-1") for run in range(3, 33)]
    assert mine != other


def test_tasks_differ() -> None:
    """Two tasks of one run are not delayed alike."""
    runs = [RunDelays.draw(7, run, LONGEST, WEIGHTS) for run in range(3, 30)]
    assert any(drawn(run, "worker-1") != drawn(run, "worker-2") for run in runs)


def test_the_first_runs_are_calm() -> None:
    """The first two runs show what the program does by itself, as a control run does: nothing is delayed."""
    assert RunDelays.draw(7, 2, LONGEST, {}).profile is Profile.CALM
    assert RunDelays.draw(7, 9, LONGEST, WEIGHTS, Profile.CALM).profile is Profile.CALM
    delays = RunDelays.draw(7, 1, LONGEST, {})
    assert delays.profile is Profile.CALM
    assert not any(drawn(delays, "worker-1"))


def test_delays_lie_within_their_bounds() -> None:
    """No delay is shorter than the shortest or longer than the run's longest, and a task's sum is bounded."""
    for run in range(3, 200):
        found = [d for d in drawn(RunDelays.draw(3, run, LONGEST, WEIGHTS), "worker-1") if d]
        assert all(SHORTEST_DELAY * 0.999 <= delay <= LONGEST * 1.001 for delay in found)
        assert sum(found) <= 4 * LONGEST * 1.001


def test_delays_come_on_several_scales() -> None:
    """Over many runs some delays are fifty times longer than others."""
    found = [
        delay
        for run in range(3, 200)
        for delay in drawn(RunDelays.draw(3, run, LONGEST, WEIGHTS), "worker-1")
        if delay
    ]
    assert max(found) > 50 * min(found)


def test_a_stall_holds_one_task_for_long() -> None:
    """In a stalled run one known task is held once, for the longest delay; others at most for a moment, at their first point."""
    runs = [RunDelays.draw(11, run, LONGEST, WEIGHTS) for run in range(3, 60)]
    stalls = [run for run in runs if run.profile is Profile.STALL]
    assert stalls
    for run in stalls:
        held = {task: drawn(run, task) for task in WEIGHTS}
        assert [d for d in held[str(run.victim)] if d] == [pytest.approx(LONGEST)]
        for task in WEIGHTS.keys() - {run.victim}:
            assert held[task][0] <= LONGEST / 2
            assert not any(held[task][1:])


def test_every_profile_is_drawn() -> None:
    """A campaign of default length sees all profiles that are drawn: at 10 % each, one is missed with probability below 2e-9."""
    seen = {RunDelays.draw(5, run, LONGEST, WEIGHTS).profile for run in range(1, 201)}
    assert seen == set(Profile) - {Profile.MAIN, Profile.OTHERS}


def test_long_tasks_are_not_delayed_without_end() -> None:
    """A task of a hundred thousand points is delayed a bounded number of times."""
    for run in range(3, 20):
        stream = RunDelays.draw(5, run, LONGEST, {}).stream("worker-1")
        found = [d for d in (stream.at(READ_WEIGHT) for _ in range(100_000)) if d]
        assert sum(found) <= 4 * LONGEST * 1.001


@pytest.mark.parametrize("slow", [Profile.MAIN, Profile.OTHERS])
def test_slow_tasks_are_held_at_every_point(slow: Profile) -> None:
    """Either main or all the others are held everywhere, but not for longer in all than is bearable; the rest runs freely."""
    delays = RunDelays.draw(5, 9, LONGEST, {"main": 3.0, "worker-1": 3e6}, slow)
    held = {name: [delays.stream(name).at(1.0) for _ in range(3)] for name in ("main", "worker-1")}
    of_slow, of_others = held.values() if slow is Profile.MAIN else reversed(held.values())
    assert all(of_slow)
    assert not any(of_others)
    assert held["worker-1"][0] * 3e6 <= 1.0
