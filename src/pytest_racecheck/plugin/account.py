"""What a session remembers of one explored test, on its report, so that it survives the way from an xdist worker.

Only plain values: anything else on a report ends an xdist session with an internal error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult

Account = dict[str, Any]
ATTRIBUTE = "racecheck"
_KEY = pytest.StashKey[Account]()


def account_of(result: CampaignResult, expect: str | None) -> Account:
    """`result` in plain values; `expected` tells that the race was."""
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


def keep_account(item: pytest.Item, account: Account) -> None:
    """Keep it for the item's report, and as properties for junit."""
    item.stash[_KEY] = account
    for word in ("verdict", "runs", "failures", "seed"):
        item.user_properties.append((f"racecheck_{word}", account[word]))


def put_on_report(item: pytest.Item, report: pytest.TestReport) -> None:
    """Hand what is kept to the report of the item's call."""
    account = item.stash.get(_KEY, None)
    if report.when == "call" and account is not None:
        setattr(report, ATTRIBUTE, account)


def read_account(report: object) -> Account | None:
    """The account on a report, if it carries one."""
    account: Account | None = getattr(report, ATTRIBUTE, None)
    return account
