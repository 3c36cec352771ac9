"""What the result of a campaign means for the test: pass, its own exception, or one of ours."""

from __future__ import annotations

from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound, VerdictError
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.plugin.reports import form_of, mark_as_ours


def verdict_error(
    report: RaceReport, own: BaseException | None, expect: str | None, strict: bool
) -> BaseException | None:
    """What the test must raise, or None for a pass; `own` is what its first run raised.

    Where no race was found, the test keeps its own outcome, exactly as it was.
    """
    result = report.result
    if expect == "race":
        return None if result.is_race else _made(RaceNotFound, report, own)
    if result.is_race:
        found = None if result.failure is None else result.failure.exception
        return _made(RaceFound, report, found or own)
    if own is not None:
        return own
    if result.verdict is Verdict.INCONCLUSIVE and (strict or expect == "race-free"):
        return _made(Inconclusive, report, None)
    return None


def unexplored_error(
    expect: str | None, strict: bool, reason: str, replays: bool = False
) -> BaseException | None:
    """The same for a test that passed without a campaign; `reason` says why, unless it starts nothing.

    `replays`: it was to replay a token.
    """
    if replays:
        return mark_as_ours(Inconclusive(f"the token was not replayed: {reason or _NOTHING}"))
    why = f"it was not explored: {reason}" if reason else _NOTHING
    if expect == "race":
        return mark_as_ours(RaceNotFound(f"expected a race, but {why}"))
    if expect == "race-free":
        also = "" if reason else ": nothing was explored"
        return mark_as_ours(Inconclusive(f"expected race-free, but {why}{also}"))
    return mark_as_ours(Inconclusive(f"not explored: {reason}")) if strict and reason else None


_NOTHING = "the test starts no thread and no process"


def _made(
    kind: type[VerdictError], report: RaceReport, cause: BaseException | None
) -> VerdictError:
    error = report.as_error(form_of(kind))
    error.__cause__ = cause
    if cause is not None:
        # A debugger goes to where an exception comes from, and that is where the program's did.
        error.__traceback__ = cause.__traceback__
    return mark_as_ours(error)
