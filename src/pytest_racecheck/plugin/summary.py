"""The header, the words of verbose lines, and the section at the end.

What is shown of tests comes from their reports, so that it is the same with and without xdist. Which modules were in scope is
known to the processes that ran the tests, and told once by each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.settings import (
    DEFAULT_EXPLORED,
    DEFAULT_SCHEDULES,
    DEFAULT_SECONDS,
    layered,
)
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import plural
from pytest_racecheck.plugin.marker import NAME, marked
from pytest_racecheck.plugin.options import options_of
from pytest_racecheck.plugin.seeds import again_line, mode_of, seed_option
from pytest_racecheck.plugin.summary_entry import NOT_EXPLORED, SummaryEntry, read_entry
from pytest_racecheck.report.modules import modules_in_short

_MODULES = "racecheck_modules"


class Line(NamedTuple):
    """One test that was explored or should have been, and whether pytest expected it to fail."""

    nodeid: str
    entry: SummaryEntry
    xfailed: bool = False

    @property
    def expected(self) -> bool:
        """Nobody needs to be told of a race in it."""
        return self.entry["expected"] or self.xfailed


class Summary:
    """Tells what was explored, and what not; registered with --racecheck only."""

    def __init__(self) -> None:
        self._modules: set[str] = set()
        self._wanted = False

    def pytest_report_header(self, config: pytest.Config) -> str:
        """One line: the mode, the budget of a test, and the seed."""
        if options_of(config).replay is not None:
            return "racecheck: one run a test, under the schedule of the token"
        settings = layered(*options_of(config).layers)
        mode = mode_of(config)
        runs = settings.schedules or (DEFAULT_SCHEDULES if mode == "jitter" else DEFAULT_EXPLORED)
        seconds = settings.seconds or DEFAULT_SECONDS
        return f"racecheck: {mode}, at most {runs} runs and {seconds:g} s a test, {seed_option(config)}"

    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Say how many runs a passing test made; letters and categories stay pytest's."""
        entry = read_entry(report)
        if entry is None or not report.passed or hasattr(report, "wasxfail"):
            return None
        unexplored = entry["verdict"] == NOT_EXPLORED
        what = NOT_EXPLORED if unexplored else plural(entry["runs"], "run")
        return "passed", ".", f"PASSED [{what}]"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether there is anything to sum up."""
        self._wanted = self._wanted or read_entry(report) is not None

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Note which modules were in scope; a worker of xdist hands that to its controller."""
        if not self._wanted:
            return
        self._modules.update(_in_scope(session))
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_MODULES] = sorted(self._modules)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take from a worker of xdist what was in scope there."""
        self._modules.update(getattr(node, "workeroutput", {}).get(_MODULES, ()))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The section at the end, if anything was explored or should have been."""
        config = terminalreporter.config
        tests = list(_tests(terminalreporter))
        if not tests or config.getoption("no_summary", False) or config.get_verbosity() < 0:
            return
        terminalreporter.section("racecheck")
        for line in summary_lines(tests, strict=options_of(config).strict):
            terminalreporter.line(line)
        terminalreporter.line(scope_line(self._modules, every=config.get_verbosity() > 0))
        if options_of(config).replay is None:
            terminalreporter.line(again_line(config))


def summary_lines(tests: list[Line], strict: bool) -> Iterator[str]:
    """What there is to say about the tests, counts first."""
    explored = [test for test in tests if test.entry["verdict"] != NOT_EXPLORED]
    runs = sum(test.entry["runs"] for test in explored)
    yield f"{plural(len(explored), 'test')} explored in {plural(runs, 'run')}: {_counts(tests)}"
    for nodeid, entry, _ in (test for test in explored if test.entry["race"] and not test.expected):
        rate = f"{entry['failures']} of {plural(entry['runs'], 'run')} failed"
        yield f"{Verdict.RACE_FOUND}: {nodeid} ({rate})"
    for word in (Verdict.INCONCLUSIVE.value, NOT_EXPLORED):
        failed = ", so failed" if strict else ""
        for nodeid, entry, _ in (test for test in tests if test.entry["verdict"] == word):
            yield f"{word}{failed}: {nodeid}: {entry['reason']}"
    for nodeid, entry, _ in tests:
        for text in entry["not_covered"]:
            yield f"not covered: {nodeid}: {text}"


def scope_line(modules: set[str], every: bool) -> str:
    """Which modules were in scope: packages and how many of their modules, or `every` one by name."""
    told = ", ".join(sorted(modules)) if every else modules_in_short(modules)
    return f"in scope: {told or 'no module'}"


def _counts(tests: list[Line]) -> str:
    verdicts = [test.entry["verdict"] for test in tests]
    expected = sum(test.entry["race"] and test.expected for test in tests)
    parts = []
    for word in (*(verdict.value for verdict in Verdict), NOT_EXPLORED):
        count = verdicts.count(word)
        also = f" ({expected} expected)" if expected and word == Verdict.RACE_FOUND.value else ""
        if count:
            parts.append(f"{count} {word}{also}")
    return ", ".join(parts)


def _tests(terminalreporter: pytest.TerminalReporter) -> Iterator[Line]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            entry = read_entry(report)
            if entry is not None:
                yield Line(report.nodeid, entry, hasattr(report, "wasxfail"))


def _in_scope(session: pytest.Session) -> list[str]:
    """The loaded modules that were in scope of the session, or of a test by its marker."""
    config = session.config
    packages = set(layered(*options_of(config).layers).scope or ())
    for item in getattr(session, "items", ()):
        if NAME in item.keywords:
            packages.update(marked(item).settings.scope or ())
    return Scope(config.rootpath, tuple(sorted(packages))).modules()
