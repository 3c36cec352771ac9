"""The whole report of the explore engine."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from traces import FILE, Traced

from pytest_racecheck.model.errors import Inconclusive, RaceNotFound
from pytest_racecheck.model.outcome import Outcome, RunResult, TaskError
from pytest_racecheck.model.report import PLAIN, Form
from pytest_racecheck.model.result import CampaignResult, Failure
from pytest_racecheck.model.trace import Position
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.report.text import describe

A, B = "increment-1", "increment-2"
BUILD = "CPython {}.{}".format(*sys.version_info[:2])


def failing(
    run: RunResult, kind: str = "lost update", resource: str | None = "Counter.value"
) -> CampaignResult:
    """A campaign that found this run."""
    failure = Failure(
        kind, resource, None, 3, run, preemptions=1, switches=2, token="rc1:AgEBAA"
    )  # fmt: skip
    return CampaignResult(
        name="tests/test_counter.py::test_counter", mode="explore", backend="thread",
        verdict=Verdict.RACE_FOUND, seed=17, runs=3, failures=1, interval=(0.0, 0.9),
        outcomes={"passed": 2, "AssertionError": 1}, seconds=0.5, failure=failure,
        reason="it passes under 2 of 3 schedules", classes=2, schedules=1000,
    )  # fmt: skip


def text(result: CampaignResult, form: Form = PLAIN, width: int = 80) -> str:
    """The report on it."""
    return describe(result, form, width=width, root=Path("/elsewhere/project"))


def lost(switchable: bool | None) -> RunResult:
    """A lost update, where a GIL build can switch or not."""
    trace = Traced().read(A, "Counter.value").read(B, "Counter.value", preempts=A)
    trace.write(B, "Counter.value").write(A, "Counter.value", switchable=switchable)
    return trace.result()


def test_a_race_from_the_first_line_to_the_last() -> None:
    """What and how rare, the table, the build it needs, why it is a race, and how to see it again; no word about delays."""
    assert text(failing(lost(switchable=False))) == (
        "lost update on Counter.value (schedule 3 of 1000; 1 preemption)\n"
        "\n"
        "  increment-1             increment-2\n"
        "  ──────────────────────  ──────────────────────\n"
        "  counter.py:7 value → 0\n"
        "                          counter.py:7 value → 0\n"
        "                          counter.py:7 value ← 1\n"
        "  counter.py:7 value ← 1  overwrites increment-2's 1\n"
        "\n"
        f"Only a free-threaded build can switch there: a GIL build of {BUILD} never\n"
        "  switches between the read and the write of counter.py:7.\n"
        "\n"
        "a race, because it passes under 2 of 3 schedules\n"
        "\n"
        'replay: pytest_racecheck.replay("rc1:AgEBAA", ...)\n'
        "same schedules again: seed=17"
    )


@pytest.mark.parametrize(
    ("switchable", "said"),
    [(True, f"\nA GIL build of {BUILD} can switch there.\n"), (None, None)],
)
def test_which_build_it_needs(switchable: bool | None, said: str | None) -> None:
    """It is said where it is known."""
    report = text(failing(lost(switchable)))
    assert "GIL" not in report if said is None else said in report


def test_a_deadlock_in_words() -> None:
    """Who waits for what, where, who holds it and since when; not the tool's own error of the same words."""
    since = Position(FILE, 5, "f")
    trace = (
        Traced()
        .acquire(A, "left", 5)
        .acquire(B, "right", 5, preempts=A)
        .waits("main", "join", None)
    )
    trace.waits(A, "acquire", "right", holder=B, held_since=since)
    trace.waits(B, "acquire", "left", holder=A, held_since=since)
    error = TaskError(A, Outcome.DEADLOCK, "deadlock: all of them")
    report = text(failing(trace.result(error, outcome=Outcome.DEADLOCK), "deadlock", "right"))
    assert (
        "\nNobody can go on:\n"
        "  increment-1 waits to acquire right at counter.py:7, held by increment-2 since\n"
        "    counter.py:5\n"
        "  increment-2 waits to acquire left at counter.py:7, held by increment-1 since\n"
        "    counter.py:5\n"
    ) in report
    assert "all of them" not in report


def test_a_lost_wake_up_in_words() -> None:
    """Nobody holds anything: nobody is left to tell it."""
    trace = Traced().write(A, "Door.ready", True).waits(B, "wait", "opened", notified=True)
    report = text(failing(trace.result(), "lost wake-up", "opened"), width=120)
    assert (
        "\n  increment-2 waits in opened.wait() at counter.py:7, and nobody is left to wake it\n"
        in report
    )


def test_other_tasks_errors_are_there() -> None:
    """What went wrong elsewhere, with its traceback."""
    error = TaskError(B, Outcome.FAILED, "KeyError: 'apple'", "Traceback\n  there")
    run = dataclasses.replace(lost(None), errors=(error,))
    assert "\nincrement-2: KeyError: 'apple'\n  Traceback\n    there\n" in text(failing(run))


def test_several_outcomes_are_counted() -> None:
    """Who keeps going sees how often what happened."""
    result = dataclasses.replace(
        failing(lost(None)), outcomes={"passed": 2, "KeyError": 1, "ValueError": 4}
    )
    assert "\n     4  ValueError\n     2  passed\n     1  KeyError\n" in text(result)


NOTHING = dataclasses.replace(
    failing(lost(None)), verdict=Verdict.NOT_FOUND, failure=None, failures=0, runs=1000, classes=34,
    reason="", modules=("counter",), not_covered=("thread poll-1 outlived its run (3 of 1000 runs)",),
)  # fmt: skip


def test_nothing_found() -> None:
    """How much was tried, what was not looked at, and how to do it again."""
    assert text(NOTHING) == (
        "not found: test_counter:\n"
        "  1000 schedules, 34 different orders (happens-before classes)\n"
        "\n"
        "not covered: thread poll-1 outlived its run (3 of 1000 runs)\n"
        "in scope: counter\n"
        "\n"
        "same schedules again: seed=17"
    )


def test_the_headline_suits_the_error() -> None:
    """The first line reads on from the error's name."""
    assert text(NOTHING, Form(RaceNotFound), 140).startswith(
        "expected a race in test_counter, found none: 1000 schedules, 34 different orders"
    )
    result = dataclasses.replace(NOTHING, verdict=Verdict.INCONCLUSIVE, reason="no choice to make")
    assert text(result, Form(Inconclusive), 140).startswith(
        "test_counter: no choice to make: 1000 schedules"
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    """Every line fits."""
    for result in (NOTHING, failing(lost(switchable=False))):
        assert max(map(len, text(result, width=width).splitlines())) <= width
