"""What becomes of the reports of tests: entries for the summary are put on them, and a verdict looks as it should among failures.

The user's exception and traceback come first, as they are. The verdict follows as its text, without the frames of pytest
and of this plugin that it was raised through: nobody can learn anything from them. The position, which pytest's short summary
and editors use, is the user's.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntry, ReprFileLocation, ReprTraceback

from pytest_racecheck.model.errors import VerdictError
from pytest_racecheck.plugin.subtests import raise_failed
from pytest_racecheck.plugin.summary_entry import put_on_report

if TYPE_CHECKING:
    from pytest_racecheck.model.report import Form

Error = TypeVar("Error", bound=BaseException)

NAME = "racecheck-reports"
BEFORE_LINES = "E   "
_OURS = "_racecheck_raised_by_plugin"
# For failures that do not tell the seed themselves.
_SEED_SECTION = "Captured racecheck call"


def mark_as_ours(error: Error) -> Error:
    """Tell the errors that the plugin raises from those that a test's own assertions about a report raise."""
    setattr(error, _OURS, True)
    return error


def form_of(kind: type[VerdictError], note: str = "") -> Form:
    """How the text of such an error of ours has to be, to fit where it is shown."""
    from pytest_racecheck.model.report import Form

    return Form(kind, len(BEFORE_LINES), len(f"{kind.__name__}: "), note)


class Reports:
    """Sees every report that is made of a test."""

    @classmethod
    def register(cls, config: pytest.Config) -> None:
        """Make it work in this session, once."""
        if not config.pluginmanager.has_plugin(NAME):
            config.pluginmanager.register(cls(), NAME)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what is known about an explored test on its report, and show a verdict as its text."""
        raise_failed(item, call)
        report = yield
        put_on_report(item, report)
        error = None if call.excinfo is None else call.excinfo.value
        longrepr: Any = report.longrepr
        if getattr(error, _OURS, False) and isinstance(longrepr, ExceptionChainRepr):
            report.longrepr = _with_verdict(item, longrepr, f"{type(error).__name__}: {error}")
        if isinstance(error, VerdictError) and error.report is not None:
            report.sections[:] = [part for part in report.sections if part[0] != _SEED_SECTION]
        return report


def _with_verdict(item: pytest.Item, longrepr: ExceptionChainRepr, text: str) -> ExceptionChainRepr:
    lines = [f"{BEFORE_LINES}{line}".rstrip() for line in text.splitlines()]
    place = _place(item, longrepr, text.splitlines()[0])
    verdict = ReprTraceback([ReprEntry(lines, None, None, None, "long")], None, "long")
    rewritten = ExceptionChainRepr([*longrepr.chain[:-1], (verdict, place, None)])
    rewritten.sections = longrepr.sections
    return rewritten


def _place(item: pytest.Item, longrepr: ExceptionChainRepr, message: str) -> ReprFileLocation:
    crash = longrepr.chain[0][1] if len(longrepr.chain) > 1 else None
    if crash is not None:
        return ReprFileLocation(crash.path, crash.lineno, message)
    path, line, _ = item.reportinfo()
    return ReprFileLocation(str(path), (line or 0) + 1, message)
