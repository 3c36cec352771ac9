"""From runs to a verdict.

A verdict claims no more than was looked at: a campaign in which nothing could interleave, in which no delay was ever
injected, or whose failures the control runs explain without a race, is inconclusive, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_racecheck.campaign.control import Control
from pytest_racecheck.campaign.statistics import exact_interval
from pytest_racecheck.campaign.suspects import resource_of, suspects_of
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
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
        not_covered=tuple(_not_covered(results, not_rewritten)),
        modules=tuple(campaign.scope.modules()),
        tasks=tuple(dict.fromkeys(name for result in results for name in result.tasks)),
        titles=dict(title for result in reversed(results) for title in result.titles.items()),
    )


def _verdict(campaign: JitterCampaign, control: Control | None) -> tuple[Verdict, str]:
    results = campaign.results
    if control is not None:
        return (Verdict.RACE_FOUND if control.is_race else Verdict.INCONCLUSIVE), control.reason
    if len(results) <= CALM_RUNS:
        return Verdict.INCONCLUSIVE, _too_short(campaign)
    if campaign.lonely:
        return Verdict.INCONCLUSIVE, "one task alone cannot race: expected two or more"
    if not any(result.active_tasks for result in results):
        return Verdict.INCONCLUSIVE, (
            "no task passed a scheduling point: the code that ran is not in scope (--racecheck-scope adds packages)"
        )
    return Verdict.NOT_FOUND, ""


def _too_short(campaign: JitterCampaign) -> str:
    budget, left = campaign.budget, [name for result in campaign.results for name in result.leaked]
    limit = f"the budget ({plural(budget.runs, 'run')}, {budget.seconds:g} s) ended before any run was jittered"
    if not left or len(campaign.results) == budget.runs:
        return limit
    return f"{limit}: each run waits in vain for what it leaves running ({', '.join(dict.fromkeys(left))})"


def _first_failure(results: Sequence[RunResult]) -> Failure | None:
    result = next((result for result in results if not result.passed), None)
    if result is None:
        return None
    suspects = suspects_of(results[CALM_RUNS:])
    return Failure(
        kind=_kind(result),
        resource=resource_of(suspects),
        exception=next((e.exception for e in result.errors if e.exception is not None), None),
        run=result.run,
        result=result,
        suspects=tuple(suspects[:_MOST_SUSPECTS]),
    )


def _kind(result: RunResult) -> str:
    if result.outcome is not Outcome.FAILED:
        return str(result.outcome.value)
    exceptions = [error.exception for error in result.errors]
    if any(isinstance(error, AssertionError) for error in exceptions):
        return "failed check"
    return "exception"


def _not_covered(results: Sequence[RunResult], not_rewritten: Iterable[str]) -> Iterable[str]:
    yield from dict.fromkeys(text for result in results for text in result.not_covered)
    left = Counter(name for result in results for name in set(result.leaked))
    for name, times in sorted(left.items()):
        yield f"{name} outlived its run ({times} of {len(results)} runs)"
    for text in not_rewritten:
        yield f"could not be instrumented: {text}"
