"""The report a user holds."""

from __future__ import annotations

import pytest

from pytest_racecheck import Inconclusive, RaceFound, RaceNotFound, RaceReport, Verdict
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.result import CampaignResult, Failure

RUN = RunResult(run=2, outcome=Outcome.FAILED)
FAILURE = Failure("exception", None, KeyError("gone"), 2, RUN)


def report(verdict: Verdict, failure: Failure | None = None) -> RaceReport:
    """A report with that verdict."""
    failures = 5 if failure else 0
    result = CampaignResult(
        name="name", mode="jitter", backend="thread", verdict=verdict, seed=1, runs=10,
        failures=failures, interval=(0.1, 0.9), outcomes={"passed": 10 - failures}, seconds=1.0,
        failure=failure,
    )  # fmt: skip
    return RaceReport(result, lambda result, form: f"the whole report on {result.name}")


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.NOT_FOUND])
def test_race_free_accepts_what_found_nothing(verdict: Verdict) -> None:
    """A proof and an honest search both satisfy the assertion."""
    report(verdict).assert_race_free()


def test_race_free_raises_what_was_found() -> None:
    """A race is raised with the whole report, chained to the program's own exception."""
    with pytest.raises(RaceFound, match="the whole report on name") as raised:
        report(Verdict.RACE_FOUND, FAILURE).assert_race_free()
    assert raised.value.__cause__ is FAILURE.exception


@pytest.mark.parametrize("failure", [None, FAILURE])
def test_race_free_does_not_accuse_without_a_verdict(failure: Failure | None) -> None:
    """A report without a verdict is no pass and no race, failures or not."""
    with pytest.raises(Inconclusive):
        report(Verdict.INCONCLUSIVE, failure).assert_race_free()


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.NOT_FOUND, Verdict.INCONCLUSIVE])
def test_racy_wants_a_race(verdict: Verdict) -> None:
    """Anything but a race found fails the assertion."""
    with pytest.raises(RaceNotFound):
        report(verdict).assert_racy()
    report(Verdict.RACE_FOUND, FAILURE).assert_racy()


def test_reading_counts_as_having_looked() -> None:
    """Any part of the answer, and either assertion, but not the text alone."""
    unread = report(Verdict.NOT_FOUND)
    assert str(unread)
    assert repr(unread)
    assert not unread.looked_at
    assert unread.failure_rate == 0.0
    assert unread.looked_at
