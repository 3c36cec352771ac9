"""From runs to a verdict: campaigns over explicit thread targets, small enough to be certain of."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_racecheck import Inconclusive, RaceFound, RaceNotFound, RaceReport, UsageError, Verdict
from pytest_racecheck.campaign import jitter
from pytest_racecheck.campaign.conclusion import conclude
from pytest_racecheck.entry import run_targets
from pytest_racecheck.model.errors import SetupFailed
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.settings import Settings


class Box:
    """A counter with one attribute."""

    def __init__(self) -> None:
        self.n = 0


def campaign(target: Any, **words: Any) -> RaceReport:
    """A campaign over threads."""
    named = {key: words.pop(key) for key in ("workers", "setup", "check") if key in words}
    words = {"seed": 1, "schedules": 20, "mode": "jitter", **words}
    root = Path(__file__).parent
    return run_targets(target, backend="thread", words=words, root=root, **named)


def increment(box: Box) -> None:
    """Add one, unprotected."""
    box.n += 1


def is_two(box: Box) -> bool:
    """Both increments arrived."""
    return box.n == 2


def new_box(shared: Any) -> Box:
    """A fresh counter."""
    return Box()


def test_a_lost_update_is_a_race() -> None:
    """An unprotected counter loses updates: at 0.4 a run, 120 runs miss it with probability below 1e-26."""
    report = campaign(increment, setup=new_box, check=is_two, schedules=120)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.kind == "failed check"
    assert report.failures == report.runs - report.outcomes["passed"]
    low, high = report.failure_interval
    assert low < report.failure_rate < high
    with pytest.raises(RaceFound, match="is_two returned False") as raised:
        report.assert_race_free()
    assert raised.value.__cause__ is report.failure.exception
    report.assert_racy()


def test_the_resource_is_named() -> None:
    """Runs held before the store fail most, so the report names the attribute; chance of another name is below 1e-6."""
    report = campaign(increment, setup=new_box, check=is_two, schedules=200)
    assert report.failure is not None
    assert report.failure.resource == "n"
    assert report.failure.suspects[0].site.kind.value == "store attribute"


def test_a_failure_without_concurrency_is_no_race() -> None:
    """A check that is wrong anyway accuses nobody, and is no pass either."""
    report = campaign(increment, setup=new_box, check=lambda box: box.n == 3)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.failures == report.runs
    assert "no race: it fails one task after another" in report.result.reason
    with pytest.raises(AssertionError, match="no race"):
        report.assert_race_free()
    with pytest.raises(RaceNotFound):
        report.assert_racy()


def test_one_task_alone_is_inconclusive() -> None:
    """Nothing can interleave with a single task, so there is nothing to conclude."""
    report = campaign(increment, setup=new_box, workers=1)
    assert report.verdict is Verdict.INCONCLUSIVE
    with pytest.raises(Inconclusive, match="one task alone"):
        report.assert_race_free()


def test_code_out_of_scope_is_inconclusive() -> None:
    """Targets in which no scheduling point was seen prove nothing."""
    report = campaign([dict, list])
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "--racecheck-scope" in report.result.reason


def test_a_hang_names_the_line_and_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that waits for ever ends as a potential deadlock, is got out, and the campaign stops in time."""

    def wait(lock: threading.Lock) -> None:
        with lock:
            pass

    def held(shared: Any) -> threading.Lock:
        lock = threading.Lock()
        lock.acquire()
        return lock

    monkeypatch.setattr(jitter, "HANG_SECONDS", 0.5)
    before = threading.active_count()
    report = campaign(wait, setup=held, seconds=1, schedules=2)
    assert report.failure is not None
    assert report.failure.kind == "potential deadlock"
    assert "test_conclusion.py" in report.failure.result.errors[0].summary
    assert threading.active_count() == before


def test_the_others_go_on_when_a_task_raises() -> None:
    """The run fails, after all tasks have done their part."""
    done: list[str] = []

    def raises() -> None:
        raise KeyError("gone")

    def works() -> None:
        done.append("works")

    report = campaign([raises, works], schedules=3)
    assert len(done) >= 3
    assert report.failure is not None
    assert isinstance(report.failure.exception, KeyError)


def test_setup_that_raises_is_said_in_one_line() -> None:
    """There was nothing to run: the message names setup, the target and the run."""

    def broken(shared: Any) -> None:
        raise OSError("disk full")

    with pytest.raises(SetupFailed, match="setup of 2 × increment raised OSError: disk full"):
        campaign(increment, setup=broken)


def test_a_check_that_answers_nonsense_is_a_mistake() -> None:
    """An answer that is neither yes nor no nor an exception is refused, not taken for a pass."""
    with pytest.raises(UsageError, match="returned 'fine'; expected True, False, None"):
        campaign(increment, setup=new_box, check=lambda box: "fine")


@pytest.mark.parametrize(
    ("target", "words", "said"),
    [
        (increment, {"workers": 0}, "argument workers is 0"),
        (increment, {"workers": True}, "argument workers is True"),
        ([], {}, "argument target is []"),
        ("text", {}, "argument target is 'text'"),
        ([increment, 3], {}, "argument target holds 3"),
        (increment, {"setup": 3}, "argument setup is 3"),
        (increment, {"check": "x"}, "argument check is 'x'"),
        (increment, {"mode": "x"}, "argument mode is 'x'"),
        (increment, {"mode": "prove"}, "not available yet: argument mode = 'prove'"),
    ],
)
def test_bad_arguments_are_named(target: Any, words: dict[str, Any], said: str) -> None:
    """One line names the argument, what it was, and what was expected."""
    with pytest.raises(UsageError) as raised:
        campaign(target, **words)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_coroutine_functions_are_refused() -> None:
    """A coroutine function would return at once without running."""

    async def target() -> None: ...

    with pytest.raises(UsageError, match="is a coroutine function; expected a plain function"):
        campaign(target)


def test_what_was_patched_is_put_back() -> None:
    """After a campaign Thread, the excepthook and the functions are the originals."""
    start, hook = threading.Thread.start, threading.excepthook
    code = increment.__code__
    campaign(increment, setup=new_box, check=is_two)
    assert threading.Thread.start is start
    assert threading.excepthook is hook
    assert increment.__code__ is code


class Watched(Box):
    """A counter with something beside it that every task reads."""

    def __init__(self) -> None:
        super().__init__()
        self.config = 1


def test_a_bystander_is_not_named() -> None:
    """An attribute that all tasks read on their way is no resource of the race, and no suspect."""

    def add(box: Watched) -> None:
        if box.config:
            box.n += 1

    report = campaign(add, setup=lambda shared: Watched(), check=is_two, schedules=200)
    assert report.failure is not None
    assert report.failure.resource == "n"
    assert all(suspect.site.name == "n" for suspect in report.failure.suspects)


def test_a_race_says_what_speaks_for_it() -> None:
    """The reason counts failures, repeats and control runs."""
    report = campaign(increment, setup=new_box, check=is_two, schedules=120)
    assert "repeated with the same delays" in report.result.reason
    assert "one task after another in none of" in report.result.reason


def test_a_random_failure_is_no_race() -> None:
    """A target that fails in a tenth of its calls by itself is not accused; the chance that it is is below one per cent.

    The seed of its own generator is fixed; so many control runs pass by chance only where that one per cent strikes.
    """
    rng = random.Random(11)

    def unlucky() -> None:
        notes = [1]
        notes.append(2)
        assert rng.random() > 0.1

    report = campaign(unlucky, schedules=100)
    assert report.failures
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_hang_ends_a_campaign_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a hang only a few seconds are spent on telling why; each stuck task shows where it waits, and none is named twice."""

    def one(first: threading.RLock, second: threading.RLock) -> None:
        with first:
            barrier.wait()
            with second:
                pass

    def other(first: threading.RLock, second: threading.RLock) -> None:
        one(second, first)

    barrier = threading.Barrier(2)
    monkeypatch.setattr(jitter, "HANG_SECONDS", 0.5)
    began = time.monotonic()
    report = campaign(
        [one, other], setup=lambda shared: (threading.RLock(), threading.RLock()), seconds=1
    )
    assert time.monotonic() - began < 30
    assert report.failure is not None
    errors = report.failure.result.errors
    assert [error.task for error in errors] == ["one-1", "other-1"]
    assert all(error.details.splitlines()[-1].strip() == "with second:" for error in errors)
    assert len(set(report.not_covered)) == len(report.not_covered) <= 2


def test_a_budget_spent_on_waiting_says_so() -> None:
    """When a test leaves something behind, and every run waits for it, the reason is not that runs are slow."""
    made = jitter.JitterCampaign(Settings(seconds=5.0), name="test_a", root=Path(__file__).parent)
    made.results += [RunResult(n, Outcome.PASSED, leaked=("process serve-1",)) for n in (1, 2)]
    result = conclude(made, None, ())
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reason == (
        "the budget (200 runs, 5 s) ended before any run was jittered: each run waits in vain for what it leaves running"
        " (process serve-1)"
    )
