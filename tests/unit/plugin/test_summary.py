"""The lines of the section at the end."""

from __future__ import annotations

from typing import Any

from pytest_racecheck.plugin.summary import Line, scope_line, summary_lines
from pytest_racecheck.plugin.summary_entry import NOT_EXPLORED, SummaryEntry


def entry(verdict: str, **more: Any) -> SummaryEntry:
    """The entry of a test with that verdict."""
    plain: Any = {
        "verdict": verdict, "race": verdict == "race found", "expected": False, "runs": 200, "failures": 0,
        "reason": "", "not_covered": [], "seed": 1,
    }  # fmt: skip
    return {**plain, **more}


def test_each_kind_of_test_has_its_line() -> None:
    """Counts first, then races that nobody expected, what has no verdict, what was not explored, and what was not covered."""
    tests = [
        Line("a", entry("not found", not_covered=["thread x outlived its run"])),
        Line("b", entry("race found", failures=7)),
        Line("c", entry("race found", failures=9, expected=True)),
        Line("d", entry("inconclusive", reason="nothing could interleave", runs=1)),
        Line("e", entry(NOT_EXPLORED, reason="it is a coroutine", runs=0)),
    ]
    assert list(summary_lines(tests, strict=False)) == [
        "4 tests explored in 601 runs: 2 race found (1 expected), 1 not found, 1 inconclusive, 1 not explored",
        "race found: b (7 of 200 runs failed)",
        "inconclusive: d: nothing could interleave",
        "not explored: e: it is a coroutine",
        "not covered: a: thread x outlived its run",
    ]


def test_a_race_in_an_expected_failure_is_expected() -> None:
    """A test that is marked xfail is allowed its race; what it is without one is counted as it is."""
    tests = [
        Line("a", entry("race found", failures=7), xfailed=True),
        Line("b", entry("not found"), xfailed=True),
    ]
    assert list(summary_lines(tests, strict=False)) == [
        "2 tests explored in 400 runs: 1 race found (1 expected), 1 not found"
    ]


def test_strictness_is_told() -> None:
    """With --racecheck-strict a missing verdict is a failure, and says so."""
    tests = [
        Line("d", entry("inconclusive", reason="nothing could interleave", runs=1)),
        Line("e", entry(NOT_EXPLORED, reason="it is a coroutine", runs=0)),
    ]
    assert list(summary_lines(tests, strict=True))[1:] == [
        "inconclusive, so failed: d: nothing could interleave",
        "not explored, so failed: e: it is a coroutine",
    ]


def test_the_scope_is_told_in_short_or_whole() -> None:
    """Packages with counts, and with -v every module."""
    modules = {"app.core", "app.web", "test_app"}
    assert scope_line(modules, every=False) == "in scope: app (2 modules), test_app"
    assert scope_line(modules, every=True) == "in scope: app.core, app.web, test_app"
    assert scope_line(set(), every=False) == "in scope: no module"
