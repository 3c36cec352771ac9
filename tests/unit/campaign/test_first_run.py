"""When a first run hangs, and what is said then."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_racecheck.campaign.first_run import Patience, after_hang, end_in_scope
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.verdict import Verdict

RESULT = CampaignResult(
    name="test_a", mode="explore", backend=None, verdict=Verdict.NOT_FOUND, seed=1, runs=7, failures=0,
    interval=(0.0, 1.0), outcomes={}, seconds=1.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "limit", "at_rest"), [(0.1, 20, 2), (3, 20, 3), (10, 60, 5), (100, 600, 5)]
)
def test_patience_grows_with_the_budget(seconds, limit, at_rest) -> None:
    """At least 20 seconds where it may be slow, two to five where nothing can move any more."""
    assert Patience.of(seconds) == Patience(limit, at_rest)


def test_a_deadlock_says_that_the_first_run_hung() -> None:
    """What explore has found is what counts; the hang is told beside it."""
    found = dataclasses.replace(RESULT, verdict=Verdict.RACE_FOUND, reason="it needs no race")
    overdue = BaseException("hangs")
    told = after_hang(found, overdue)
    assert told.reason == "it needs no race; its first run, which nobody controlled, hung as well"
    assert str(overdue) == "hangs"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("it cannot be explored: f-1 blocks", "it cannot be explored: f-1 blocks"),
        ("", "it ended under each of 7 schedules, so its hang depends on what they do not control"),
    ],
)
def test_a_hang_that_explore_does_not_find_says_so(reason, said) -> None:
    """The test fails with its own hang, and what explore has made of it is its last line."""
    overdue = BaseException("hangs\nmend it")
    result = dataclasses.replace(RESULT, reason=reason)
    assert after_hang(result, overdue) is result
    assert str(overdue).splitlines() == ["hangs", "mend it", f"explored as well: {said}"]


def test_the_traceback_ends_in_the_program() -> None:
    """The frames below the program's own last one are taken off."""
    with pytest.raises(ValueError, match="not a valid") as raised:
        dataclasses.replace(RESULT, verdict=Verdict("no such"))
    end_in_scope(raised.value, lambda file: file == __file__)
    entry = raised.value.__traceback__
    assert entry is not None
    assert entry.tb_next is None
    assert entry.tb_frame.f_code.co_filename == __file__


def test_a_traceback_without_the_program_stays() -> None:
    """Where nothing of it is in scope, all of it is shown."""
    with pytest.raises(ValueError, match="not a valid") as raised:
        Verdict("no such")
    end_in_scope(raised.value, lambda _file: False)
    assert raised.value.__traceback__ is not None
    assert raised.value.__traceback__.tb_next is not None
