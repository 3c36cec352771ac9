"""`explore`: what it refuses, and how that looks."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

import pytest_racecheck
from pytest_racecheck import SetupFailed, UsageError, Verdict, explore, replay

PACKAGE = str(Path(pytest_racecheck.__file__).parent)


def work(*state: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"workers": 0}, "argument workers is 0; expected a whole number of at least 1"),
        ({"workers": True}, "argument workers is True; expected"),
        ({"worker": 3}, "argument worker is not known (did you mean workers?); expected one of target, backend,"),
        ({"backend": "fibre"}, "argument backend is 'fibre'; expected one of thread, process, manager"),
        ({"check": 3}, "argument check is 3; expected a callable or None"),
        ({"scope": "no_such_package"}, "scope names 'no_such_package', which cannot be found; expected"),
    ],
)  # fmt: skip
def test_words_that_make_no_sense(arguments, said) -> None:
    """Each is named in one line, with what was expected."""
    with pytest.raises(UsageError) as raised:
        explore(work, **arguments)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("token", [None, 3, b"rc1:"])
def test_a_replay_without_a_token_is_refused(token) -> None:
    """What is no text is named, and nothing is searched instead."""
    with pytest.raises(UsageError, match="argument token is .*; expected a token as a report"):
        replay(token, work)


@pytest.mark.parametrize("workers", [1, 3, 5])
def test_a_sequence_has_as_many_workers_as_targets(workers) -> None:
    """A number that would be ignored is refused; the right one may be said."""
    with pytest.raises(
        UsageError, match=f"argument workers is {workers} beside 2 targets; expected no workers"
    ):
        explore([work, work], workers=workers)
    explore([work, work], workers=2, schedules=1)


def frames_of_ours(error: BaseException) -> list[str]:
    """The frames of this project that pytest would show."""
    return [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(PACKAGE)
        and not frame.f_locals.get("__tracebackhide__")
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"worker": 3},
        {"workers": 0},
        {"mode": "chaos"},
        {"schedules": 0},
        {"mode": "prove"},
        {"backend": "fibre"},
        {"setup": 3},
        {"scope": "no_such_package"},
        {"check": lambda: 3, "schedules": 1},
    ],
    ids=lambda arguments: "-".join(arguments),
)
def test_no_frame_of_ours_is_shown(arguments) -> None:
    """A complaint points at the call that it concerns."""
    with pytest.raises(UsageError) as raised:
        explore(work, **arguments)
    assert not frames_of_ours(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_setup_that_raises_shows_setup_alone() -> None:
    """The cause keeps the frames of the program, and no others."""

    def setup() -> None:
        raise LookupError("nothing there")

    with pytest.raises(
        SetupFailed, match="setup of 2 × work raised LookupError: nothing there"
    ) as raised:
        explore(work, setup=setup)
    assert not frames_of_ours(raised.value)
    cause = raised.value.__cause__
    assert isinstance(cause, LookupError)
    assert [entry.name for entry in traceback.extract_tb(cause.__traceback__)] == ["setup"]


PROGRAM = """
from dataclasses import dataclass
from pytest_racecheck import explore

@dataclass
class Point:
    x: int = 0

def take(shared):
    shared["n"] -= 1
    Point(1)

report = explore(take, backend={backend!r}, setup=lambda s: s.dict({{"n": 2}}), check=lambda d: d["n"] == 0, seed=1, schedules=20)
print(report.verdict.name, report.failures > 0)
"""


@pytest.mark.parametrize("backend", ["thread", "process", "manager"])
def test_a_program_that_is_no_file(backend, tmp_path) -> None:
    """What `python -c` runs is explored, and nothing else that was made from a string."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(backend=backend)],
        capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(PACKAGE).parent)},
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("RACE_FOUND True\n", "")


def test_a_campaign_inside_a_target_of_another_is_refused() -> None:
    """It is named together with the task that asked for it, and ends the outer one."""
    with pytest.raises(UsageError, match="a campaign over .*work was started inside task"):
        explore(lambda: explore(work, schedules=2), schedules=2)


def test_a_campaign_inside_a_process_of_another_is_refused() -> None:
    """There it is what the target raises: told, and no silent pass."""
    report = explore(
        lambda: explore(work, schedules=2), backend="process", start_method="fork", schedules=2
    )
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "UsageError: a campaign over" in str(report)


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock, queue.SimpleQueue])
def test_a_factory_in_c_makes_what_is_controlled(make) -> None:
    """`setup=threading.Lock` is held by nobody but us; what it makes is controlled all the same."""

    def use(made: Any) -> None:
        if make is queue.SimpleQueue:
            made.put(1)
            made.get()
        else:
            made.acquire()
            made.release()

    def keep(made: Any) -> None:
        getattr(made, "acquire" if hasattr(made, "acquire") else "get")()

    report = explore(use, setup=make, schedules=50, seed=1)
    assert report.verdict is Verdict.NOT_FOUND
    assert report.classes is not None
    assert report.classes > 1
    failure = explore(keep, setup=make, schedules=50, seed=1).failure
    assert failure is not None
    assert failure.kind == "deadlock"
