"""Pipes between tasks, and child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest


def test_a_pipe_between_tasks(explored):
    """os.read waits for os.write of another task, and sees the end when it is closed."""

    def program():
        reading, writing = os.pipe()
        got = []

        def read():
            while piece := os.read(reading, 100_000):
                got.append(len(piece))

        thread = threading.Thread(target=read)
        thread.start()
        os.write(writing, bytes(100_000))
        os.close(writing)
        thread.join()
        os.close(reading)
        return sum(got)

    assert set(explored(program, 5).returned) == {100_000}


def test_a_pipe_that_nobody_writes_to(explored):
    """It is a potential deadlock whose line is named."""

    def program():
        reading, writing = os.pipe()
        try:
            os.read(reading, 1)  # here
        finally:
            os.close(reading)
            os.close(writing)

    found = explored(program, 1)
    assert [line for line in found.uncontrolled if "os.read(reading, 1)  # here" in line]


def test_a_child_lives_in_real_time(explored):
    """What a child process writes after a while is waited for, though virtual time could pass."""

    def program():
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", "import time; time.sleep(0.1); print(5)"],
            stdout=subprocess.PIPE,
        )
        output, _ = child.communicate(timeout=60)
        return output.strip(), child.returncode

    assert explored(program, 1, limit=30.0).returned == [(b"5", 0)]


@pytest.fixture
def children():
    """Children that sleep for a minute, unless they are killed afterwards."""
    made = []

    def make():
        made.append(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]))
        return made[-1]

    yield make
    for child in made:
        child.kill()
        child.wait()


def test_a_child_that_does_not_end(explored, children):
    """It is waited for a limited time; then the call is named, and the run is over."""
    found = explored(lambda: children().wait(), 1, limit=0.1)
    assert "wait" in str(found.blocked)
    assert found.failures[0].startswith("potential deadlock: ")


def test_a_child_may_time_out(explored, children):
    """A wait with a time-out that the child outlives ends with TimeoutExpired."""

    def program():
        with pytest.raises(subprocess.TimeoutExpired):
            children().wait(timeout=0.05)

    assert set(explored(program, 1, limit=30.0).outcomes) == {"passed"}
