"""The lines of the section at the end."""

from __future__ import annotations

from pytest_racecheck.plugin.summary import summary_lines


def account(verdict: str, **more: object) -> dict[str, object]:
    """The account of a test with that verdict."""
    plain = {
        "verdict": verdict, "race": verdict == "race found", "expected": False, "runs": 200, "failures": 0,
        "reason": "", "not_covered": [], "seed": 1,
    }  # fmt: skip
    return {**plain, **more}


def test_each_kind_of_test_has_its_line() -> None:
    """Counts first, then races that nobody expected, what has no verdict, and what was not covered."""
    explored = [
        ("a", account("not found", not_covered=["thread x outlived its run"])),
        ("b", account("race found", failures=7)),
        ("c", account("race found", failures=9, expected=True)),
        ("d", account("inconclusive", reason="nothing could interleave", runs=1)),
    ]
    assert list(summary_lines(explored, strict=False)) == [
        "4 tests explored in 601 runs: 2 race found (1 expected), 1 not found, 1 inconclusive",
        "race found: b (7 of 200 runs failed)",
        "inconclusive: d: nothing could interleave",
        "not covered: a: thread x outlived its run",
    ]


def test_strictness_is_told() -> None:
    """With --racecheck-strict a missing verdict is a failure, and says so."""
    explored = [("d", account("inconclusive", reason="nothing could interleave", runs=1))]
    assert list(summary_lines(explored, strict=True))[1] == (
        "inconclusive, so failed: d: nothing could interleave"
    )
