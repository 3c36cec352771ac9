"""A result as text: what it says, and that it fits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pytest_racecheck.model.errors import Inconclusive, RaceFound, RaceNotFound
from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.outcome import Outcome, RunResult, Step, TaskError
from pytest_racecheck.model.report import PLAIN, Form
from pytest_racecheck.model.result import CampaignResult, Failure, Suspect
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.report import text as report_text

ROOT = Path("/elsewhere/project")
STORE = Site(Kind.STORE_ATTR, "value", "/elsewhere/project/app/counter.py", 7, "increment")
LOAD = Site(Kind.LOAD_ATTR, "value", "/elsewhere/project/app/counter.py", 7, "increment")
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


def describe(result: CampaignResult, width: int, form: Form = PLAIN, **more: object) -> str:
    """The text of a report in a project of its own."""
    return report_text.describe(result, form, width=width, root=ROOT, **more)


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
            "app/counter.py:7  store attribute value    90      80",
            "Run 3, the first that failed",
            "increment-1  app/counter.py:7  store attribute value  2.50 ms",
            "a race, because one task after another it passes (5 control runs)",
            "not covered: thread poll-1 outlived its run",
            "same delays again: seed=17",
        )
    ]
    assert positions == sorted(positions)
    assert "in scope" not in text


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
    assert "\nin scope: counter, test_counter\n" in text


def test_inconclusive_gives_its_reason() -> None:
    """Without a verdict the first line says why."""
    result = dataclasses.replace(
        FOUND, verdict=Verdict.INCONCLUSIVE, reason="no race: it fails one task after another"
    )
    assert describe(result, 200).startswith(
        "inconclusive: test_counter: no race: it fails one task after another: 86 of 200 runs failed"
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


def test_the_headline_breaks_before_the_rate() -> None:
    """What does not fit on one line with the rate stands on a line of its own, also where the error's name takes room."""
    assert describe(FOUND, 80).splitlines()[:2] == [
        "failed check on value in test_counter:",
        "  86 of 200 runs failed (43.0%; 95 % interval 36.0% to 50.0%)",
    ]
    found = Form(RaceFound, margin=4, lead=len("RaceFound: "))
    first = describe(dataclasses.replace(FOUND, name="n" * 39), 80, found).splitlines()[0]
    assert first == f"failed check on value in {'n' * 39}:"
    assert describe(dataclasses.replace(FOUND, name="n" * 40), 80, found).startswith(
        "failed check on value in\n"
    )


@pytest.mark.parametrize(
    ("verdict", "kind", "said"),
    [
        (Verdict.NOT_FOUND, RaceNotFound, "expected a race in test_counter, found none: 0 of 200"),
        (
            Verdict.INCONCLUSIVE,
            RaceNotFound,
            "expected a race in test_counter, got no verdict: too few: 0 of 200",
        ),
        (
            Verdict.PROVED,
            RaceNotFound,
            "expected a race in test_counter, proved that there is none: 0 of 200",
        ),
        (Verdict.INCONCLUSIVE, Inconclusive, "test_counter: too few: 0 of 200"),
    ],
)
def test_the_headline_suits_the_error(verdict, kind, said) -> None:
    """The first line reads on from the error's name."""
    result = dataclasses.replace(FOUND, verdict=verdict, failures=0, failure=None, reason="too few")
    assert describe(result, 120, Form(kind)).startswith(said)


def test_a_note_follows_the_headline() -> None:
    """What a caller has to add comes before the tables."""
    text = describe(FOUND, 120, Form(note="Nobody looked."))
    assert text.splitlines()[1] == "Nobody looked."


def test_paths_are_shortened_rather_than_folded() -> None:
    """Where a table is too wide with paths from the root, it has file names; they are never broken."""
    text = describe(FOUND, 72)
    assert "  increment-1  app/counter.py:7  store attribute value  2.50 ms" in text
    text = describe(FOUND, 60)
    assert "  increment-1  counter.py:7  store attribute value  2.50 ms" in text


def test_tasks_bear_the_names_the_program_gave() -> None:
    """A thread's own name stands wherever the tool's name for it would."""
    hung = TaskError(
        "increment-1",
        Outcome.POTENTIAL_DEADLOCK,
        "increment-1 did not end within 5 s, at /elsewhere/project/app/counter.py:7 in increment",
        '  File "/elsewhere/project/app/counter.py", line 7, in increment\n    self.value += 1\n',
    )
    run = dataclasses.replace(RUN, errors=(hung,), titles={"increment-1": "reader"})
    result = dataclasses.replace(
        FOUND,
        failure=dataclasses.replace(FAILURE, result=run),
        outcomes={hung.summary: 1},
        not_covered=("thread increment-1 outlived its run",),
    )
    text = describe(result, 100)
    assert "increment-1" not in text
    for said in (
        "1  reader did not end within 5 s, at app/counter.py:7 in increment",
        "  reader       app/counter.py:7  store attribute value  2.50 ms",
        "  increment-2  app/counter.py:7",
        'reader did not end within 5 s, at app/counter.py:7 in increment\n    File "app/counter.py", line 7, in increment\n',
        "not covered: thread reader outlived its run",
    ):
        assert said in text


def test_how_to_ask_again_is_the_callers() -> None:
    """The last line says it in the caller's words; what stands in parentheses is kept together."""
    again = f"--racecheck-seed=5 (this test alone: @pytest.mark.racecheck(seed={17}))"
    text = describe(FOUND, 80, again=lambda seed: again)
    assert text.endswith(
        "\nsame delays again: --racecheck-seed=5\n  (this test alone: @pytest.mark.racecheck(seed=17))"
    )
    assert describe(FOUND, 120, again=lambda seed: again).endswith(f"same delays again: {again}")
