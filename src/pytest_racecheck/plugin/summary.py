"""The header, the words of verbose lines, and the section at the end.

Everything shown comes from the reports, so that it is the same with and without xdist.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_racecheck.model.settings import DEFAULT_SCHEDULES, DEFAULT_SECONDS, layered
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.plugin.account import Account, read_account
from pytest_racecheck.plugin.options import options_of
from pytest_racecheck.plugin.seeds import seed_option

Explored = tuple[str, Account]


class Summary:
    """Tells what was explored, and what not; registered with --racecheck only."""

    def pytest_report_header(self, config: pytest.Config) -> str:
        """One line: the budget of a test, and the seed."""
        settings = layered(*options_of(config).layers)
        runs = settings.schedules or DEFAULT_SCHEDULES
        seconds = settings.seconds or DEFAULT_SECONDS
        return f"racecheck: jitter, at most {runs} runs and {seconds:g} s a test, {seed_option(config)}"

    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Say how many runs a passing test made; letters and categories stay pytest's."""
        account = read_account(report)
        if account is None or not report.passed or hasattr(report, "wasxfail"):
            return None
        return "passed", ".", f"PASSED [{_plural(account['runs'], 'run')}]"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The section at the end, if anything was explored."""
        config = terminalreporter.config
        explored = list(_explored(terminalreporter))
        if not explored or config.getoption("no_summary", False) or config.get_verbosity() < 0:
            return
        terminalreporter.section("racecheck")
        for line in summary_lines(explored, strict=options_of(config).strict):
            terminalreporter.line(line)
        terminalreporter.line(f"for the same delays: {seed_option(config)}")


def summary_lines(explored: list[Explored], strict: bool) -> Iterator[str]:
    """What there is to say about the tests explored, the most important last word first."""
    runs = sum(account["runs"] for _, account in explored)
    yield f"{_plural(len(explored), 'test')} explored in {_plural(runs, 'run')}: {_counts(explored)}"
    for nodeid, account in explored:
        if account["race"] and not account["expected"]:
            yield f"race found: {nodeid} ({account['failures']} of {_plural(account['runs'], 'run')} failed)"
    for nodeid, account in explored:
        if account["verdict"] == Verdict.INCONCLUSIVE.value:
            word = "inconclusive, so failed" if strict else "inconclusive"
            yield f"{word}: {nodeid}: {account['reason']}"
    for nodeid, account in explored:
        for text in account["not_covered"]:
            yield f"not covered: {nodeid}: {text}"


def _counts(explored: list[Explored]) -> str:
    verdicts = [account["verdict"] for _, account in explored]
    expected = sum(account["race"] and account["expected"] for _, account in explored)
    counts = {str(verdict): verdicts.count(str(verdict)) for verdict in Verdict}
    parts = []
    for verdict, count in counts.items():
        if count and verdict == str(Verdict.RACE_FOUND) and expected:
            parts.append(f"{count} {verdict} ({expected} expected)")
        elif count:
            parts.append(f"{count} {verdict}")
    return ", ".join(parts)


def _explored(terminalreporter: pytest.TerminalReporter) -> Iterator[Explored]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            account = read_account(report)
            if account is not None:
                yield report.nodeid, account


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
