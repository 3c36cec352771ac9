"""What a session remembers of one test that was explored, or that should have been, on its report.

So it survives the way from an xdist worker; and therefore only plain values: anything else on a report ends an xdist session with
an internal error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import pytest

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult

ATTRIBUTE = "racecheck"
NOT_EXPLORED = "not explored"


class SummaryEntry(TypedDict):
    """One test: a verdict's value or NOT_EXPLORED, and what there is to say. `expected` tells that a race was."""

    verdict: str
    race: bool
    expected: bool
    runs: int
    failures: int
    reason: str
    not_covered: list[str]
    seed: int | None


_KEY = pytest.StashKey[SummaryEntry]()


def entry_of(result: CampaignResult, expect: str | None) -> SummaryEntry:
    """`result` in plain values."""
    return {
        "verdict": result.verdict.value,
        "race": result.is_race,
        "expected": expect == "race",
        "runs": result.runs,
        "failures": result.failures,
        "reason": result.reason,
        "not_covered": list(result.not_covered),
        "seed": result.seed,
    }


def unexplored_entry(reason: str) -> SummaryEntry:
    """A test that is concurrent, and why it was not explored."""
    return {
        "verdict": NOT_EXPLORED,
        "race": False,
        "expected": False,
        "runs": 0,
        "failures": 0,
        "reason": reason,
        "not_covered": [],
        "seed": None,
    }


def keep_entry(item: pytest.Item, entry: SummaryEntry) -> None:
    """Keep it for the item's report, and as properties for junit."""
    item.stash[_KEY] = entry
    item.user_properties.append(("racecheck_verdict", entry["verdict"]))
    if entry["verdict"] == NOT_EXPLORED:
        item.user_properties.append(("racecheck_reason", entry["reason"]))
        return
    item.user_properties.append(("racecheck_runs", entry["runs"]))
    item.user_properties.append(("racecheck_failures", entry["failures"]))
    item.user_properties.append(("racecheck_seed", entry["seed"]))


def put_on_report(item: pytest.Item, report: pytest.TestReport) -> None:
    """Hand what is kept to the report of the item's call."""
    entry = item.stash.get(_KEY, None)
    if report.when == "call" and entry is not None:
        setattr(report, ATTRIBUTE, entry)


def read_entry(report: object) -> SummaryEntry | None:
    """The entry on a report, if it carries one."""
    entry: SummaryEntry | None = getattr(report, ATTRIBUTE, None)
    return entry
