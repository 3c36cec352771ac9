"""Asking another process where it stands."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest

from pytest_racecheck.runtime.processes.stacks import Stacks, answer

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the memory is Linux's")


@pytest.fixture
def stacks() -> Iterator[Stacks]:
    """This file is the program."""
    stacks = Stacks()
    stacks.in_scope = lambda file: file == __file__
    yield stacks
    stacks.close()


def spin(ready: int) -> None:
    os.write(ready, b"x")
    while True:
        pass


def block(ready: int, on: int) -> None:
    os.write(ready, b"x")
    select.select([on], [], [])


@pytest.fixture
def child(stacks) -> Iterator[object]:
    """Starts a process that answers, and returns its number once it stands; it is killed at the end."""
    reading, writing = os.pipe()
    children = []

    def start(target, *args, path: bool = False) -> int:
        pid = os.fork()
        if not pid:
            answer(-1 if path else stacks.fd, stacks.path)
            target(writing, *args)
        children.append(pid)
        os.read(reading, 1)
        return pid

    yield start
    for pid in children:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("path", [False, True], ids=["forked", "by path"])
def test_one_that_computes(stacks, child, path) -> None:
    """It answers between two instructions, whether it has inherited the memory or opened it."""
    inner, position = stacks.standing(child(spin, path=path))
    assert (position.file, position.function) == (__file__, "spin")
    assert inner == position


def test_one_that_is_stuck_in_a_call(stacks, child) -> None:
    """It answers from within the call, and that more than once."""
    reading, writing = os.pipe()
    pid = child(block, reading)
    line = block.__code__.co_firstlineno + 2
    # It may not have got there yet.
    while stacks.standing(pid)[1].line != line:
        pass
    for _ in range(2):
        _, position = stacks.standing(pid)
        assert (position.function, position.line) == ("block", line)
    os.close(reading)
    os.close(writing)


def test_one_that_does_not_listen(stacks) -> None:
    """It is not asked, for the signal would kill it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.read(reading, 1)
        os._exit(3)
    _, position = stacks.standing(pid)
    assert position is None
    os.write(writing, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
    os.close(reading)
    os.close(writing)


def test_nobody_is_asked_after_the_end(stacks) -> None:
    """Closing twice is fine."""
    stacks.close()
    stacks.close()
    assert stacks.standing(os.getpid())[1] is None
    assert stacks.path == ""
