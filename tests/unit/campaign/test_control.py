"""Whether a failure is called a race: judged on campaigns whose runs are drawn, so that many can be made."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_racecheck.campaign import control
from pytest_racecheck.campaign.control import Control, judge
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.runtime.jitter.delays import CALM_RUNS, Profile

# What a run of that kind ("serial", "calm", "main", "others" or "jittered") with that number does: whether it fails.
Fails = Callable[[str, int], bool]


class Drawn:
    """A campaign of `runs` runs that fail as `fails` says; it keeps the kinds of all runs that were made."""

    def __init__(
        self,
        fails: Fails,
        runs: int = 200,
        *,
        keep_going: bool = True,
        waits: bool = False,
        seconds: float = 60.0,
        cost: float = 0.0,
        failure: Outcome = Outcome.FAILED,
    ) -> None:
        self.budget = SimpleNamespace(seconds=seconds, spent=0.0)
        self.seed = 1
        self.kinds: list[str] = []
        self.limits: list[float | None] = []
        self.results: list[RunResult] = []
        self._fails = fails
        self._waits = waits
        self._cost = cost
        self._failure = failure
        for run in range(1, runs + 1):
            self.results.append(self.run(None, self.plan(run)))
            if not (keep_going or self.results[-1].passed):
                break
        self.kinds.clear()

    def plan(
        self,
        run: int,
        serial: float | None = None,
        profile: Profile | None = None,
        limit: float | None = None,
    ) -> Any:
        kind = "jittered" if profile is None else profile.value
        if serial is not None:
            kind = "serial"
        elif profile is None and run <= CALM_RUNS:
            kind = "calm"
        return SimpleNamespace(run=run, kind=kind, limit=limit)

    def run(self, program: object, plan: Any) -> RunResult:
        self.kinds.append(plan.kind)
        self.limits.append(plan.limit)
        if self._cost:
            time.sleep(self._cost)
        failed = self._fails(plan.kind, plan.run)
        overlapped = self._waits and plan.kind == "serial"
        outcome = self._failure if failed else Outcome.PASSED
        return RunResult(plan.run, outcome, seconds=1e-3, overlapped=overlapped)

    def judged(self, share: float = 1.0) -> Control:
        """The judgement on it."""
        assert any(not result.passed for result in self.results)
        return judge(cast("Any", self), lambda world: None, share=share)


def flaky(rate: float, seed: int) -> Fails:
    """Fails in that share of all runs, whatever their kind."""
    rng = random.Random(seed)
    return lambda kind, run: rng.random() < rate


def racy(rate: float, seed: int, again: float = 0.6) -> Fails:
    """Fails under jitter only: in that share of runs, and then in the share `again` of runs with the same delays."""
    rng = random.Random(seed)
    opened: dict[int, bool] = {}

    def fails(kind: str, run: int) -> bool:
        if kind != "jittered":
            return False
        if run not in opened:
            opened[run] = rng.random() < rate
            return opened[run]
        return opened[run] and rng.random() < again

    return fails


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("keep_going", [False, True])
@pytest.mark.parametrize("rate", [0.004, 0.03, 0.1, 0.4])
def test_flaky_programs_are_hardly_ever_accused(rate: float, keep_going: bool, waits: bool) -> None:
    """Of 100 campaigns over a program that fails by itself, the one expected at most does not become 10: chance below 1e-6."""
    accused = 0
    for seed in range(100):
        campaign = Drawn(flaky(rate, seed), 60, keep_going=keep_going, waits=waits, seconds=0.1)
        if any(not result.passed for result in campaign.results):
            accused += campaign.judged().is_race
    assert accused < 10


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("keep_going", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.4, 1.0])
def test_races_are_found_with_few_further_runs(rate: float, keep_going: bool, waits: bool) -> None:
    """A race whose delays open its window again six times in ten is confirmed; that 40 repeats miss it is below 1e-12."""
    for seed in range(20):
        campaign = Drawn(racy(rate, seed), keep_going=keep_going, waits=waits)
        if all(result.passed for result in campaign.results):
            continue
        judgement = campaign.judged()
        assert judgement.is_race, judgement.reason
        assert len(campaign.kinds) < 120
        assert "repeated with the same delays" in judgement.reason


def test_the_reason_states_the_strength() -> None:
    """How often it fails, how often again, and how many control runs passed."""
    said = Drawn(lambda kind, run: kind == "jittered", 200).judged().reason
    assert said == (
        "it fails in 99 % of runs, in 4 of 4 repeated with the same delays, and one task after another in none of 5"
        " control runs"
    )


def test_a_failure_of_a_control_run_ends_it() -> None:
    """What fails without concurrency as well is not called a race, and no time is spent on it."""
    campaign = Drawn(lambda kind, run: True)
    judgement = campaign.judged()
    assert not judgement.is_race
    assert judgement.reason == "no race: it fails one task after another, too (1 of 1 control run)"
    assert campaign.kinds == ["serial"]


def test_a_bad_stretch_is_no_race() -> None:
    """A program that fails for a while, and then no more, passes its control runs; but the failure does not come back."""
    clock = itertools.count(1)
    campaign = Drawn(lambda kind, run: 40 < next(clock) < 120)
    judgement = campaign.judged()
    assert not judgement.is_race
    assert not judgement.settled
    assert not judgement.returned
    assert "not again in 40 runs with the same delays" in judgement.reason


def test_too_little_time_is_said() -> None:
    """Where time ends before enough control runs were made, the reason says how many were, and how many it takes."""
    campaign = Drawn(racy(0.02, 3, again=0.2), seconds=0.2, cost=0.004)
    campaign.judged()
    judgement = campaign.judged()
    assert not judgement.is_race
    assert "too few to tell a race from a flaky test" in judgement.reason


@pytest.mark.parametrize("waits", [False, True])
def test_what_hardly_comes_back_is_left_to_another_failure(waits: bool) -> None:
    """Two of 40 repeats fail, which would take a thousand control runs: where those are not worth their time, nothing is settled."""
    times = itertools.count()

    def fails(kind: str, run: int) -> bool:
        return kind == "jittered" and run == 4 and next(times) in (0, 10, 30)

    campaign = Drawn(fails, 4, seconds=2.0, cost=0.002, waits=waits)
    judgement = campaign.judged(share=0.2)
    assert not judgement.is_race
    assert not judgement.settled
    assert judgement.returned
    assert "too few to tell a race from a flaky test" in judgement.reason
    assert len(campaign.kinds) < 100


def test_tasks_that_wait_are_compared_with_calm_runs() -> None:
    """Where calm runs pass, and delays open the window, that is a race."""
    judgement = Drawn(racy(0.4, 2), waits=True).judged()
    assert judgement.is_race
    assert "without delays (its tasks wait for each other" in judgement.reason


def test_calm_failures_that_are_much_rarer() -> None:
    """Where calm runs fail now and then, but far less often than with delays, that is a race."""
    rng = random.Random(1)
    rates = {"serial": 1.0, "calm": 0.02, "jittered": 0.6, "main": 0.1, "others": 0.9}
    for _ in range(20):
        assert Drawn(lambda kind, run: rng.random() < rates[kind], waits=True).judged().is_race


def test_delays_that_decide_show_a_race_that_fails_without_them_too() -> None:
    """Calm runs fail as often as others; but with the same delays nine runs in ten end as before: missed below 1e-6."""
    rng = random.Random(1)

    def fails(kind: str, run: int) -> bool:
        if kind != "jittered":
            return rng.random() < 0.7
        return (run % 10 < 7) is (rng.random() < 0.9)

    judgement = Drawn(fails, waits=True).judged()
    assert judgement.is_race
    assert judgement.reason.startswith("the delays decide: with those of failed runs it fails in ")


def test_who_is_slow_decides() -> None:
    """A race between main and the others, which fails as often calm as jittered, shows when either side is slowed down."""
    rng = random.Random(1)
    rates = {"serial": 1.0, "calm": 0.7, "jittered": 0.7, "main": 0.05, "others": 0.95}
    judgement = Drawn(lambda kind, run: rng.random() < rates[kind], waits=True).judged()
    assert judgement.is_race
    assert judgement.reason.startswith("it is decided by who is slow: when the main task is slow")


def test_every_other_run_fails() -> None:
    """A program that fails every other time is no race, in whatever order its runs are repeated."""
    for waits in (False, True):
        clock = itertools.count()
        assert not Drawn(lambda kind, run: next(clock) % 2 == 1, waits=waits).judged().is_race


def test_tasks_that_wait_and_fail_as_often_without_delays() -> None:
    """Delays that change nothing show nothing."""
    campaign = Drawn(flaky(0.3, 5), waits=True)
    judgement = campaign.judged()
    assert not judgement.is_race
    assert "its tasks wait for each other" in judgement.reason
    assert len(campaign.kinds) < 100


def test_what_always_fails_without_delays_is_no_race() -> None:
    """Tasks that wait for each other, and fail in every calm run."""
    judgement = Drawn(lambda kind, run: True, waits=True).judged()
    assert judgement == Control(False, "no race: it fails in every run, without any delay, too")


def test_only_calm_runs_failed() -> None:
    """Tasks that wait for each other and failed before any delay, and never under any: there is nothing to compare."""
    campaign = Drawn(lambda kind, run: kind == "calm" and run == 1, 20, waits=True)
    judgement = campaign.judged()
    assert not judgement.is_race
    assert "it fails without any delay, too, in 1 of 2 runs; when" in judgement.reason


def test_after_a_hang_runs_are_short_and_few_hangs_are_repeated() -> None:
    """A hang is confirmed by two more, each ended after well under a second."""
    campaign = Drawn(
        lambda kind, run: run == 4 and kind == "jittered", 4, failure=Outcome.POTENTIAL_DEADLOCK
    )
    judgement = campaign.judged()
    assert judgement.is_race
    assert campaign.kinds.count("jittered") == 2
    further = campaign.limits[len(campaign.results) :]
    assert all(limit is not None and limit <= 0.5 for limit in further)


def test_after_a_hang_the_budget_is_kept_to() -> None:
    """When a hang has used the budget up, a few seconds remain, and at least one control run is made."""
    campaign = Drawn(
        lambda kind, run: True, 3, seconds=1.0, failure=Outcome.POTENTIAL_DEADLOCK, waits=True
    )
    campaign.budget.spent = 6.0
    began = time.monotonic()
    assert not campaign.judged().is_race
    assert time.monotonic() - began < 5.0
    assert campaign.kinds[0] == "serial"


def test_the_error_is_shared_by_all_comparisons() -> None:
    """Four comparisons with a quarter of one per cent each err in one per cent at most."""
    assert control.LEVEL * 4 <= control.ERROR == 0.01
