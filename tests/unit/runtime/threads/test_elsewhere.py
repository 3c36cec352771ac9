"""Who may be at the other end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from pytest_racecheck.runtime.threads.elsewhere import Beforehand, leads_elsewhere


@pytest.fixture
def connected():
    """Both ends of a connection in this process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as one:
            other, _ = server.accept()
            with other:
                yield one, other


def test_both_ends_here(connected):
    """A connection within the process leads nowhere else."""
    assert not leads_elsewhere([end.fileno() for end in connected])


def test_the_other_end_is_gone(connected):
    """An end whose peer's socket is not one of this process leads elsewhere."""
    one, other = connected
    held = os.dup(other.fileno())
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held]
    )
    os.close(held)
    other.close()
    try:
        assert leads_elsewhere([one.fileno()])
    finally:
        child.communicate(b"\n")


def test_a_pipe_leads_to_children():
    """A pipe may be shared with a child, if there is one."""
    others = Beforehand.now()
    reading, writing = os.pipe()
    before = leads_elsewhere([reading], others)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        during = leads_elsewhere([reading], others)
        child.communicate(b"\n")
    os.close(reading)
    os.close(writing)
    assert (before, during) == (False, True)


def test_a_child_from_before_has_no_end_of_a_new_pipe():
    """Only what was open when a child was made can be shared with it."""
    older = os.pipe()
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        before = Beforehand.now()
        newer = os.pipe()
        answers = [leads_elsewhere([pipe[0]], before) for pipe in (older, newer)]
        child.communicate(b"\n")
    for fd in (*older, *newer):
        os.close(fd)
    assert answers == [True, False]


def test_nothing_and_closed():
    """No descriptor, or one that is closed, leads nowhere."""
    assert not leads_elsewhere([])
    assert not leads_elsewhere([-1])
