"""The report a user holds: what a campaign found, and the two assertions that can be made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound, VerdictError
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.verdict import Verdict


class RaceReport:
    """The answer of one campaign.

    Every part of the answer can be read; reading any of it, or asserting something, counts as having looked. A report
    with a race or without a verdict that nobody looked at fails the test it was made in.
    """

    def __init__(self, result: CampaignResult, describe: Callable[[CampaignResult], str]) -> None:
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
        found = result.verdict is Verdict.RACE_FOUND
        kind: type[VerdictError] = RaceFound if found else Inconclusive
        cause = result.failure.exception if result.failure else None
        raise kind(str(self), self) from cause

    def assert_racy(self) -> None:
        """Raise RaceNotFound, an AssertionError, unless a race was found."""
        __tracebackhide__ = True
        if self._look().verdict is not Verdict.RACE_FOUND:
            raise RaceNotFound(f"expected a race, but: {self}", self)

    def __str__(self) -> str:
        """The whole report, as text."""
        return self._describe(self._result)

    def __repr__(self) -> str:
        """The verdict in short."""
        result = self._result
        return f"<RaceReport {result.name}: {result.verdict}, {result.failures} of {result.runs} runs failed>"
