"""What the result of a campaign means for the test: pass, its own exception, or one of ours."""

from __future__ import annotations

import shutil

from pytest_racecheck.entry import report_of
from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound, VerdictError
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.plugin.reports import BEFORE_LINES, mark_as_ours
from pytest_racecheck.report.text import describe

_NARROWEST = 60


def verdict_error(
    result: CampaignResult, own: BaseException | None, expect: str | None, strict: bool
) -> BaseException | None:
    """What the test must raise, or None for a pass; `own` is what its first run raised.

    Where no race was found, the test keeps its own outcome, exactly as it was.
    """
    if expect == "race":
        return None if result.is_race else _made(RaceNotFound, result, own, "expected a race, but ")
    if result.is_race:
        found = None if result.failure is None else result.failure.exception
        return _made(RaceFound, result, found or own)
    if own is not None:
        return own
    if result.verdict is Verdict.INCONCLUSIVE and (strict or expect == "race-free"):
        return _made(Inconclusive, result, None)
    return None


def unexplored_error(hosted: bool, expect: str | None) -> BaseException | None:
    """The same for a test that passed without a campaign: only a race that was expected of it changes that.

    A test that asks a fixture or `explore` (`hosted`) states what it expects of the reports it gets.
    """
    if expect != "race" or hosted:
        return None
    return mark_as_ours(
        RaceNotFound("expected a race, but the test starts no thread and no process")
    )


def _made(
    kind: type[VerdictError], result: CampaignResult, cause: BaseException | None, prefix: str = ""
) -> VerdictError:
    beside = len(BEFORE_LINES) + len(f"{kind.__name__}: {prefix}")
    text = describe(result, max(_NARROWEST, shutil.get_terminal_size().columns - beside))
    error = kind(prefix + text, report_of(result))
    error.__cause__ = cause
    return mark_as_ours(error)
