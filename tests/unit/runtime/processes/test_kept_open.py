"""Descriptors of our own that a program cannot close."""

from __future__ import annotations

import errno
import multiprocessing
import os

import pytest

from pytest_racecheck import Verdict
from pytest_racecheck.runtime.processes import kept_open

FORK = multiprocessing.get_context("fork")


def close_a_range(value) -> None:
    os.closerange(3, 1 << 16)
    value.value += 1


def close_each(value) -> None:
    for fd in range(3, 1 << 10):
        try:
            os.close(fd)
        except OSError as error:
            assert error.errno == errno.EBADF
    value.value += 1


@pytest.mark.parametrize("close", [close_a_range, close_each])
def test_a_process_that_closes_whatever_it_could_have(body, close) -> None:
    """As a daemon does: it goes on, and its race is found."""
    value = FORK.Value("i", 0)

    def program() -> None:
        value.value = 0
        processes = [FORK.Process(target=close, args=(value,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        codes = [process.exitcode for process in processes]
        assert codes == [0, 0], codes
        assert value.value == 2

    report = body(program, schedules=60)
    assert report.verdict is Verdict.RACE_FOUND, str(report)
    assert report.failure.kind == "lost update"


def test_descriptors_of_the_program_are_closed() -> None:
    """Whatever their numbers."""
    reading, writing = os.pipe()
    for fd in (reading, writing):
        kept_open.closerange(fd, fd + 1)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_none_is_kept_after_a_campaign(race) -> None:
    """A number that is free may become the program's."""
    before = set(kept_open.kept)
    race(close_a_range, setup=lambda shared: shared.value("i", 0), schedules=2)
    assert kept_open.kept <= before
