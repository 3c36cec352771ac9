"""A process that ends with its parent."""

from __future__ import annotations

import os
import select
import signal
import sys

import pytest

from pytest_racecheck.runtime.parent_death import end_with_parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel does it")


def test_the_kernel_ends_it_when_the_parent_is_killed() -> None:
    """The grandchild's end of a pipe closes, though it would wait for ever."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        if not os.fork():
            end_with_parent(os.getppid())
            os.write(writing, b"x")
            signal.pause()
        os.close(writing)
        signal.pause()
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert select.select([reading], [], [], 10.0)[0]
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_who_has_lost_its_parent_already_ends_at_once() -> None:
    """The signal would never come."""
    child = os.fork()
    if not child:
        end_with_parent(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
