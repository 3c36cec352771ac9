"""Which test is running, for fixtures that outlive tests.

The fixtures are session-scoped handles, or hypothesis would refuse them inside `@given`; so a handle has to ask who is
calling. This object knows. It is registered when a handle is first made, which makes it cost nothing in sessions without
one, and lets the fixtures work where the plugin itself was never loaded.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound, VerdictError
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
from pytest_racecheck.plugin.marker import marked
from pytest_racecheck.plugin.options import options_of
from pytest_racecheck.plugin.reports import Reports, form_of, mark_as_ours
from pytest_racecheck.plugin.seeds import again_line

NAME = "racecheck-current"


class CurrentItem:
    """The test that is running, and the reports made in it that it must look at."""

    def __init__(self, item: pytest.Item) -> None:
        self.item = item
        self.calls = 0
        self._unsettled: list[RaceReport] = []
        # The first report with each verdict.
        self._first: dict[Verdict, RaceReport] = {}

    @classmethod
    def of(cls, config: pytest.Config, item: pytest.Item) -> CurrentItem:
        """The session's own, registered when `item` is the first to ask for it."""
        found = config.pluginmanager.get_plugin(NAME)
        if found is None:
            found = cls(item)
            config.pluginmanager.register(found, NAME)
            Reports.register(config)
        assert isinstance(found, cls)
        return found

    def next_call(self) -> int:
        """Count one more campaign asked for by the running test, from 1."""
        self.calls += 1
        return self.calls

    def add(self, report: RaceReport) -> None:
        """Remember a report with a race or without a verdict until the test ends."""
        self._unsettled = [report for report in self._unsettled if not report.looked_at]
        self._first.setdefault(report.result.verdict, report)
        if report.result.verdict in (Verdict.RACE_FOUND, Verdict.INCONCLUSIVE):
            self._unsettled.append(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """A new test begins."""
        self.item, self.calls, self._unsettled, self._first = item, 0, [], {}
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test that would pass without having looked at a report it should have looked at, or against its marker.

        With `expect="race"` the RaceFound of a report is what was asked for: the test passes.
        """
        __tracebackhide__ = True
        try:
            yield
        except RaceFound:
            if self._expected(item) != "race" or Verdict.RACE_FOUND not in self._first:
                raise
        finally:
            reports, self._unsettled = self._unsettled, []
            if self.calls and options_of(item.config).replay is None:
                again = again_line(item.config)
                item.add_report_section("call", "racecheck", f"{again}\n")
        complaint = self._unreached(item) or self._complaint(self._expected(item), reports)
        if complaint is not None and not getattr(item, "_excinfo", None):
            raise complaint

    def _expected(self, item: pytest.Item) -> str | None:
        """What the test's marker expects of the campaigns it asks for; None if it asks for none."""
        return marked(item).expect if self._first else None

    def _unreached(self, item: pytest.Item) -> VerdictError | None:
        """Complains of a test that never came to the campaign that was to be replayed."""
        wanted = options_of(item.config).replay
        if wanted is None or not self.calls or self.calls >= wanted.campaign:
            return None
        asked = plural(self.calls, "campaign")
        return mark_as_ours(
            Inconclusive(
                f"the token was not replayed: it is for campaign {wanted.campaign} of the test, which asked for {asked}"
            )
        )

    def _complaint(self, expect: str | None, reports: list[RaceReport]) -> VerdictError | None:
        first, note = self._first, _EXPECTED.format(expect)
        if expect == "race":
            found = Verdict.RACE_FOUND in first
            return None if found else _made(RaceNotFound, next(iter(first.values())), note)
        if expect == "race-free":
            if Verdict.RACE_FOUND in first:
                return _made(RaceFound, first[Verdict.RACE_FOUND], note)
            if Verdict.INCONCLUSIVE in first:
                return _made(Inconclusive, first[Verdict.INCONCLUSIVE], note)
        ignored = next((report for report in reports if not report.looked_at), None)
        if ignored is None:
            return None
        race = ignored.result.verdict is Verdict.RACE_FOUND
        return _made(RaceFound if race else Inconclusive, ignored, _IGNORED)


_IGNORED = "The test never looked at this report; report.assert_race_free() or .assert_racy() does."
_EXPECTED = "The test is marked expect={!r}."


def _made(kind: type[VerdictError], report: RaceReport, note: str) -> VerdictError:
    return mark_as_ours(report.as_error(form_of(kind, note)))
