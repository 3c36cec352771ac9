"""From a campaign's result to what a test raises."""

from __future__ import annotations

import pytest

from pytest_racecheck.entry import report_of
from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.plugin.verdicts import unexplored_error, verdict_error

OWN = ValueError("the test's own")


def result(verdict: Verdict) -> CampaignResult:
    """The result of a campaign with that verdict."""
    found = verdict is Verdict.RACE_FOUND
    run = RunResult(2, Outcome.FAILED)
    return CampaignResult(
        name="test_a.py::test_a", mode="jitter", backend=None, verdict=verdict, seed=1, runs=10, failures=int(found),
        interval=(0.0, 0.5), outcomes={"passed": 10}, seconds=1.0, reason="",
        failure=Failure("lost update", "value", KeyError("in a task"), 2, run) if found else None,
    )  # fmt: skip


def report_on(verdict: Verdict) -> RaceReport:
    """The report on it."""
    return report_of(result(verdict))


@pytest.mark.parametrize(
    ("verdict", "own", "expect", "strict", "raised"),
    [
        (Verdict.NOT_FOUND, None, None, True, None),
        (Verdict.NOT_FOUND, OWN, None, False, ValueError),
        (Verdict.NOT_FOUND, None, "race-free", True, None),
        (Verdict.NOT_FOUND, None, "race", False, RaceNotFound),
        (Verdict.RACE_FOUND, None, None, False, RaceFound),
        (Verdict.RACE_FOUND, OWN, None, False, RaceFound),
        (Verdict.RACE_FOUND, OWN, "race", True, None),
        (Verdict.RACE_FOUND, None, "race-free", False, RaceFound),
        (Verdict.INCONCLUSIVE, None, None, False, None),
        (Verdict.INCONCLUSIVE, None, None, True, Inconclusive),
        (Verdict.INCONCLUSIVE, None, "race-free", False, Inconclusive),
        (Verdict.INCONCLUSIVE, None, "race", False, RaceNotFound),
        (Verdict.INCONCLUSIVE, OWN, None, True, ValueError),
    ],
)
def test_every_case(verdict, own, expect, strict, raised) -> None:
    """Verdict, the test's own outcome, expectation and strictness decide what is raised."""
    error = verdict_error(report_on(verdict), own, expect, strict)
    assert (None if error is None else type(error)) is raised


def test_the_cause_is_the_programs_exception() -> None:
    """RaceFound is chained to what failed in the first failing run."""
    error = verdict_error(report_on(Verdict.RACE_FOUND), OWN, None, strict=False)
    assert isinstance(error, RaceFound)
    assert repr(error.__cause__) == repr(KeyError("in a task"))
    assert error.report is not None


def test_what_was_not_explored_bears_out_nothing() -> None:
    """An expectation fails where nothing was explored, and with --racecheck-strict a reason not to explore does."""
    assert unexplored_error(None, strict=False, reason="") is None
    assert unexplored_error(None, strict=True, reason="") is None
    assert unexplored_error(None, strict=False, reason="it is a coroutine") is None
    assert isinstance(unexplored_error(None, strict=True, reason="it is a coroutine"), Inconclusive)
    assert isinstance(unexplored_error("race", strict=False, reason=""), RaceNotFound)
    assert isinstance(unexplored_error("race-free", strict=False, reason=""), Inconclusive)
