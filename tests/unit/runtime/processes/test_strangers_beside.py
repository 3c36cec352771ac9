"""Races beside programs that a task starts, and beside processes of a bare `os.fork`."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest
from together import concurrently

from extent import one_of_each_kind
from pytest_racecheck import Verdict

FORK = multiprocessing.get_context("fork")
PYTHON = [sys.executable, "-S", "-c"]
pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="processes have no descriptors"
)


def run() -> int:
    subprocess.run([*PYTHON, "pass"], check=True)
    return 1


def check_output() -> int:
    return int(subprocess.check_output([*PYTHON, "print(1)"]))


def capture_both() -> int:
    program = "import sys; print(input()); print(2, file=sys.stderr)"
    return int(subprocess.run([*PYTHON, program], input=b"1", capture_output=True).stdout)


def run_in_time() -> int:
    subprocess.run([*PYTHON, "pass"], check=True, timeout=60)
    return 1


def fork() -> int:
    child = os.fork()
    if not child:
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


WAYS = [run, check_output, capture_both, run_in_time, fork]
QUICK = [capture_both, fork]


def add(way, value) -> None:
    value.value += way()


def add_locked(way, value) -> None:
    with value.get_lock():
        value.value += way()


def add_under_lock(way, value) -> None:
    number = way()
    with value.get_lock():
        value.value += number


@pytest.mark.parametrize("way", one_of_each_kind(WAYS, QUICK), ids=lambda way: way.__name__)
def test_a_race_beside_it_is_found(body, way) -> None:
    """Each program ends when its task waits for it, so the same schedule fails each time; what goes on inside is not covered. The seed is fixed."""

    def program() -> None:
        value = FORK.Value("i", 0)
        concurrently((add, way, value), (add, way, value))
        assert value.value == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("lost update", "value.value")
    (said,) = report.not_covered
    assert "not controlled" in said or "os.fork" in said


@pytest.mark.parametrize(
    "case",
    one_of_each_kind(
        [(way, add_safely) for way in WAYS for add_safely in (add_locked, add_under_lock)],
        [(capture_both, add_locked), (fork, add_under_lock)],
    ),
)
def test_what_is_safe_is_not_reported(body, case) -> None:
    """Whether the program is waited for inside of the lock or outside."""
    way, add_safely = case

    def program() -> None:
        value = FORK.Value("i", 0)
        concurrently((add_safely, way, value), (add_safely, way, value))
        assert value.value == 2

    report = body(program, schedules=8)
    assert report.verdict is Verdict.NOT_FOUND, str(report)


def test_the_main_process_may_start_one(body) -> None:
    """While its children go on."""

    def program() -> None:
        value = FORK.Value("i", 0)
        process = FORK.Process(target=add, args=(int, value))
        process.start()
        add(fork, value)
        process.join()
        assert value.value in (0, 1)

    assert body(program, schedules=8).verdict is Verdict.NOT_FOUND
