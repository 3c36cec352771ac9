"""From runs to a verdict.

A verdict claims no more than was looked at: a campaign in which nothing could interleave, in which no delay was ever
injected, or whose failures the control runs explain without a race, is inconclusive, and says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_racecheck.campaign.control import Control
from pytest_racecheck.campaign.statistics import exact_interval
from pytest_racecheck.model.operation import Site
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.result import CampaignResult, Failure, Suspect
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.runtime.jitter.delays import CALM_RUNS

if TYPE_CHECKING:
    from pytest_racecheck.campaign.jitter import JitterCampaign

_MOST_SUSPECTS = 3


def conclude(
    campaign: JitterCampaign, control: Control | None, not_rewritten: Sequence[str]
) -> CampaignResult:
    """The result of a finished campaign."""
    results = campaign.results
    failures = sum(not result.passed for result in results)
    verdict, reason = _verdict(campaign, control)
    return CampaignResult(
        name=campaign.name,
        mode="jitter",
        backend=campaign.backend,
        verdict=verdict,
        seed=campaign.seed,
        runs=len(results),
        failures=failures,
        interval=exact_interval(failures, len(results)),
        outcomes=dict(Counter(result.summary() for result in results)),
        seconds=campaign.budget.spent,
        failure=_first_failure(results),
        reason=reason,
        is_race=verdict is Verdict.RACE_FOUND,
        not_covered=tuple(_not_covered(results, not_rewritten)),
        modules=tuple(campaign.scope.modules()),
        tasks=tuple(dict.fromkeys(name for result in results for name in result.tasks)),
    )


def _verdict(campaign: JitterCampaign, control: Control | None) -> tuple[Verdict, str]:
    results = campaign.results
    if control is not None:
        return (Verdict.RACE_FOUND if control.is_race else Verdict.INCONCLUSIVE), control.reason
    if len(results) <= CALM_RUNS:
        return Verdict.INCONCLUSIVE, (
            f"the budget ({campaign.budget.runs} runs, {campaign.budget.seconds:g} s) ended before any run was jittered"
        )
    if campaign.lonely:
        return Verdict.INCONCLUSIVE, "one task alone cannot race: expected two or more"
    if not any(result.points for result in results):
        return Verdict.INCONCLUSIVE, (
            "no task passed a scheduling point: the code that ran is not in scope (--racecheck-scope adds packages)"
        )
    return Verdict.NOT_FOUND, ""


def _first_failure(results: Sequence[RunResult]) -> Failure | None:
    result = next((result for result in results if not result.passed), None)
    if result is None:
        return None
    suspects = tuple(_suspects(results))
    return Failure(
        kind=_kind(result),
        resource=suspects[0].site.name or None if suspects else None,
        exception=next((e.exception for e in result.errors if e.exception is not None), None),
        run=result.run,
        result=result,
        suspects=suspects,
    )


def _kind(result: RunResult) -> str:
    if result.outcome is not Outcome.FAILED:
        return str(result.outcome.value)
    exceptions = [error.exception for error in result.errors]
    if any(isinstance(error, AssertionError) for error in exceptions):
        return "failed check"
    return "exception"


def _suspects(results: Sequence[RunResult]) -> list[Suspect]:
    """Where a task was held for long in runs that failed, most telling first: failures beyond what the overall rate explains."""
    held: Counter[Site] = Counter()
    failed: Counter[Site] = Counter()
    for result in results:
        sites = {step.site for step in result.long_holds()}
        held.update(sites)
        if not result.passed:
            failed.update(sites)
    overall = sum(not result.passed for result in results) / len(results)
    found = [Suspect(site, held[site], count) for site, count in failed.items()]
    telling = [suspect for suspect in found if _is_telling(suspect, overall)]
    telling.sort(key=lambda s: (s.held * overall - s.failed, s.site.file, s.site.line, s.site.name))
    return telling[:_MOST_SUSPECTS]


def _is_telling(suspect: Suspect, rate: float) -> bool:
    """Whether so many failures at one place are no accident: three standard deviations above what the overall rate gives."""
    expected = suspect.held * rate
    spread = math.sqrt(expected * (1 - rate))
    return suspect.failed - expected > 3 * spread


def _not_covered(results: Sequence[RunResult], not_rewritten: Iterable[str]) -> Iterable[str]:
    yield from dict.fromkeys(text for result in results for text in result.not_covered)
    left = Counter(name for result in results for name in set(result.leaked))
    for name, times in sorted(left.items()):
        yield f"{name} outlived its run ({times} of {len(results)} runs)"
    for text in not_rewritten:
        yield f"could not be instrumented: {text}"
