"""What a process and its children have computed."""

from __future__ import annotations

import os
import subprocess
import sys

from pytest_racecheck.runtime.processor_time import children_of, is_at_work, processor_time

COMPUTE = "while True: pass"
WAIT = "input()"


def child(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", program], stdin=subprocess.PIPE)


def test_a_process_that_computes_is_at_work() -> None:
    """And so is whoever waits for it."""
    with child(COMPUTE) as made:
        while not processor_time(made.pid):
            pass
        assert is_at_work(made.pid)
        assert made.pid in children_of("self")
        before = processor_time(os.getppid())
        assert processor_time(made.pid) > 0
        assert processor_time(os.getppid()) >= before
        made.kill()


def test_a_process_that_waits_is_not() -> None:
    """As soon as it has come to where it does."""
    with child(WAIT) as made:
        while is_at_work(made.pid):
            pass
        made.communicate(b"\n")


def test_nobody_tells_of_a_process_that_is_gone() -> None:
    """It is not at work, and has used nothing."""
    with child("") as made:
        pass
    assert (processor_time(made.pid), is_at_work(made.pid)) == (0.0, False)
