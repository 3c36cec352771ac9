"""The report a user holds: what a campaign found, and the two assertions that can be made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound, VerdictError
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict

# What pytest puts before every line of an exception that a test raised, and before the first.
_BEFORE_LINES = "E       "
_BEFORE_FIRST = "pytest_racecheck.{}: "


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a report's text is wanted.

    `error` is what it is the message of, if any: RaceNotFound is worded as an expectation. `margin` columns are taken on every
    line by whoever shows it, and `lead` more on the first. `note` is said after the first paragraph.
    """

    error: type[VerdictError] | None = None
    margin: int = 0
    lead: int = 0
    note: str = ""


PLAIN = Form()


class Describe(Protocol):
    """Puts a result into words."""

    def __call__(self, result: CampaignResult, form: Form, /) -> str: ...


class RaceReport:
    """The answer of one campaign.

    Every part of the answer can be read; reading any of it, or asserting something, counts as having looked. A report
    with a race or without a verdict that nobody looked at fails the test it was made in.
    """

    def __init__(self, result: CampaignResult, describe: Describe) -> None:
        self._result = result
        self._describe = describe
        self.looked_at = False

    @property
    def result(self) -> CampaignResult:
        """Everything known, as plain data; reading it does not count as having looked."""
        return self._result

    def _look(self) -> CampaignResult:
        self.looked_at = True
        return self._result

    @property
    def verdict(self) -> Verdict:
        """What the campaign concludes."""
        return self._look().verdict

    @property
    def failure(self) -> Failure | None:
        """The first failing run, or None."""
        return self._look().failure

    @property
    def runs(self) -> int:
        """How many runs were made."""
        return self._look().runs

    @property
    def failures(self) -> int:
        """How many of them failed."""
        return self._look().failures

    @property
    def failure_rate(self) -> float:
        """The share of runs that failed, between 0 and 1."""
        result = self._look()
        return result.failures / result.runs if result.runs else 0.0

    @property
    def failure_interval(self) -> tuple[float, float]:
        """The exact (Clopper-Pearson) 95 % confidence interval of the failure rate."""
        return self._look().interval

    @property
    def outcomes(self) -> Counter[str]:
        """How often each outcome was seen: "passed", and a line for each different failure."""
        return Counter(self._look().outcomes)

    @property
    def classes(self) -> int | None:
        """Distinct happens-before orders seen; None under jitter."""
        return self._look().classes

    @property
    def races(self) -> tuple[object, ...]:
        """Unordered conflicting accesses; empty unless asked for."""
        return self._look().races

    @property
    def not_covered(self) -> tuple[str, ...]:
        """What the engine saw and could not control, in words."""
        return self._look().not_covered

    @property
    def seed(self) -> int:
        """The seed every random choice of the campaign came from."""
        return self._result.seed

    def assert_race_free(self) -> None:
        """Raise unless no race was found: RaceFound with the whole report, or Inconclusive where there is no verdict."""
        __tracebackhide__ = True
        result = self._look()
        if result.verdict in (Verdict.PROVED, Verdict.NOT_FOUND):
            return
        kind = RaceFound if result.verdict is Verdict.RACE_FOUND else Inconclusive
        raise self.as_error(_raised_by_test(kind))

    def assert_racy(self) -> None:
        """Raise RaceNotFound, an AssertionError, unless a race was found."""
        __tracebackhide__ = True
        if self._look().verdict is not Verdict.RACE_FOUND:
            raise self.as_error(_raised_by_test(RaceNotFound))

    def as_error(self, form: Form) -> VerdictError:
        """The error of the kind that `form` names, with the whole report, chained to the program's own exception."""
        assert form.error is not None
        error = form.error(self._describe(self._result, form), self)
        failure = self._result.failure
        if failure is not None:
            error.__cause__ = failure.exception
        return error

    def __str__(self) -> str:
        """The whole report, as text."""
        return self._describe(self._result, PLAIN)

    def __repr__(self) -> str:
        """The verdict in short."""
        result = self._result
        return f"<RaceReport {result.name}: {result.verdict}, {result.failures} of {result.runs} runs failed>"


def _raised_by_test(kind: type[VerdictError]) -> Form:
    """The form of an error that pytest shows as it shows any."""
    return Form(kind, len(_BEFORE_LINES), len(_BEFORE_FIRST.format(kind.__name__)))
