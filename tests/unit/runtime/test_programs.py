"""Other programs that a test starts."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest

from pytest_racecheck import explore
from pytest_racecheck.runtime.programs import told_of_program

PYTHON = os.path.basename(sys.executable)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("make -j 2", "make"), (["/usr/bin/make", "all"], "make"), (b"ls", "ls"), ([], "?"), (None, "?"), ("", "?"), ([3], "?"),
    ],
)  # fmt: skip
def test_it_is_told_by_its_name(program, name) -> None:
    """Whatever `Popen` was given, text or pieces."""
    assert (
        told_of_program(program, None)
        == f"program {name}, started with subprocess, is not controlled"
    )


def run_python() -> None:
    """Waits, but it may be the test's own code that runs there."""
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def run_true() -> None:
    """Waits for a program that is none of the test's."""
    subprocess.run(["true"], check=True)


def begin_true() -> None:
    """Goes on beside it."""
    program = subprocess.Popen(["true"])
    program.wait()


@pytest.mark.skipif(os.name != "posix", reason="there is no such program here")
@pytest.mark.parametrize(
    ("start", "told"),
    [
        (run_python, (f"program {PYTHON}, started with subprocess, is not controlled",)),
        (begin_true, ("program true, started with subprocess, is not controlled",)),
        (run_true, ()),
    ],
    ids=["run python", "begin", "run"],
)
def test_what_a_task_starts_is_told(start, told) -> None:
    """The report of an explored program names what it could not control; a program that is waited for runs beside nothing."""
    report = explore(start, schedules=2, seconds=60, seed=1)
    assert report.not_covered == told


def nothing() -> None:
    """Is all that a child does."""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_of_a_campaign_about_threads_are_told(method) -> None:
    """Whatever the start method: they are not controlled there, and the report says what controls them."""

    def program() -> None:
        process = multiprocessing.get_context(method).Process(target=nothing)
        process.start()
        process.join()

    report = explore(program, workers=1, schedules=2, seconds=60, seed=1)
    assert "a process of multiprocessing (the backend 'process' controls it)" in report.not_covered
