"""A result as text: what it says, and that it fits."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.outcome import Outcome, RunResult, Step, TaskError
from pytest_racecheck.model.result import CampaignResult, Failure, Suspect
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.report.text import describe

STORE = Site(Kind.STORE_ATTR, "value", "/elsewhere/project/counter.py", 7, "increment")
LOAD = Site(Kind.LOAD_ATTR, "value", "/elsewhere/project/counter.py", 7, "increment")
LONG = (
    "a very long message that will not fit on a line of eighty columns, whatever one does about it"
)
ERROR = TaskError("main", Outcome.FAILED, f"AssertionError: {LONG}")
RUN = RunResult(
    run=3,
    outcome=Outcome.FAILED,
    errors=(ERROR,),
    trace=(Step("increment-1", 2, STORE, 2.5e-3), Step("increment-2", 1, LOAD, 0.4e-3)),
)
FAILURE = Failure(
    "failed check", "value", AssertionError(LONG), 3, RUN, suspects=(Suspect(STORE, 90, 80),)
)
FOUND = CampaignResult(
    name="test_counter",
    mode="jitter",
    backend=None,
    verdict=Verdict.RACE_FOUND,
    seed=17,
    runs=200,
    failures=86,
    interval=(0.36, 0.50),
    outcomes={"passed": 114, f"AssertionError: {LONG}": 86},
    seconds=1.5,
    failure=FAILURE,
    reason="one task after another it passes (5 control runs)",
    not_covered=("thread poll-1 outlived its run (200 of 200 runs)",),
    modules=("counter", "test_counter"),
)


def test_a_race_is_told_in_order() -> None:
    """The first line answers the question; rate, window, delays, reason and seed follow."""
    text = describe(FOUND, 100)
    first = text.splitlines()[0]
    assert first == (
        "failed check on value in test_counter: 86 of 200 runs failed (43.0%; 95 % interval 36.0% to 50.0%)"
    )
    positions = [
        text.index(part)
        for part in (
            "114  passed",
            "counter.py:7  store attribute value    90      80",
            "Run 3, the first that failed",
            "increment-1  counter.py:7  store attribute value  2.50 ms",
            "a race, because one task after another it passes (5 control runs)",
            "not covered: thread poll-1 outlived its run",
            "in scope: counter, test_counter",
            "seed=17",
        )
    ]
    assert positions == sorted(positions)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    """Every line fits, whatever the messages."""
    assert max(map(len, describe(FOUND, width).splitlines())) <= width


def test_not_found_says_so() -> None:
    """A campaign without failures has no tables."""
    result = dataclasses.replace(
        FOUND, verdict=Verdict.NOT_FOUND, failures=0, failure=None, reason=""
    )
    text = describe(result, 80)
    assert text.startswith("not found: test_counter: 0 of 200 runs failed\n")
    assert "──" not in text


def test_inconclusive_gives_its_reason() -> None:
    """Without a verdict the first line says why."""
    result = dataclasses.replace(
        FOUND, verdict=Verdict.INCONCLUSIVE, reason="no race: it fails one task after another"
    )
    assert describe(result, 200).startswith(
        "inconclusive: test_counter: no race: it fails one task after another; 86 of 200 runs failed"
    )


def test_a_failure_without_delays_says_so() -> None:
    """A run that failed by itself has no table of delays."""
    calm = dataclasses.replace(FAILURE, run=1, result=dataclasses.replace(RUN, trace=()))
    text = describe(dataclasses.replace(FOUND, failure=calm), 80)
    assert "Run 1 failed without any injected delay." in text


def test_other_tasks_errors_are_shown_with_their_details() -> None:
    """What went wrong in a child, whose exception is not the one raised, is in the report."""
    crash = TaskError("worker-1", Outcome.CRASHED, "worker-1 died with exit code -9 (SIGKILL)")
    run = dataclasses.replace(RUN, errors=(crash,))
    failure = dataclasses.replace(FAILURE, exception=None, result=run)
    assert "worker-1 died with exit code -9 (SIGKILL)" in describe(
        dataclasses.replace(FOUND, failure=failure), 80
    )
