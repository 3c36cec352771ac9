"""Control runs: is it the order of events that breaks the program, or does it fail anyway?

The control is the same program with its concurrency taken out: every task is given time to end before the next one starts.
Nothing can race there, so a failure that shows up in it too is none. Tasks that wait for each other cannot be run one
after another; then the control says nothing, and the question becomes whether calm runs, without any delay, ever pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_racecheck.model.outcome import Outcome, RunResult

if TYPE_CHECKING:
    from pytest_racecheck.campaign.jitter import JitterCampaign
    from pytest_racecheck.runtime.jitter.world import World

RUNS = 5
SHORTEST_GRACE = 0.5
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Control:
    """What the control runs said: whether the failure is a race, and the sentence that says why."""

    is_race: bool
    reason: str


def judge(campaign: JitterCampaign, program: Callable[[World], None], failed: RunResult) -> Control:
    """Repeat the program without concurrency, and calmly where that is impossible, to see if it fails all the same."""
    runs = 1 if _hung(failed) else RUNS
    first = campaign.results[0]
    grace = SHORTEST_GRACE if _hung(first) else max(SHORTEST_GRACE, 3 * first.seconds)
    serial = _repeat(campaign, program, runs, failed, serial=min(grace, _SECONDS))
    apart = [result for result in serial if not result.overlapped]
    if apart:
        same = sum(not result.passed for result in apart)
        if same:
            return Control(
                False,
                _NO_RACE.format(f"one task after another ({same} of {len(apart)} control runs)"),
            )
        return Control(True, f"one task after another it passes ({len(apart)} control runs)")
    if any(result.passed for result in campaign.results):
        return Control(True, "")
    calm = _repeat(campaign, program, runs, failed, serial=None)
    if any(result.passed for result in calm):
        return Control(True, "")
    return Control(False, _NO_RACE.format("in every run, without any delay, too"))


_NO_RACE = "no race: it fails {}"


def _repeat(
    campaign: JitterCampaign,
    program: Callable[[World], None],
    runs: int,
    failed: RunResult,
    serial: float | None,
) -> list[RunResult]:
    results: list[RunResult] = []
    spent = 0.0
    while len(results) < runs and (not results or spent < _SECONDS):
        result = campaign.run(program, campaign.plan(failed.run, serial, calm=True)).slim()
        results.append(result)
        spent += result.seconds
        if result.overlapped:
            break
    return results


def _hung(result: RunResult) -> bool:
    return result.outcome is Outcome.POTENTIAL_DEADLOCK
