"""Waiting for the world outside."""

from __future__ import annotations

import socket
import threading
import time

import pytest


def test_both_ends_in_one_process(explored):
    """More than the kernel buffers goes through a pair of sockets whose ends belong to two tasks."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            thread = threading.Thread(target=one.sendall, args=(bytes(1_000_000),))
            thread.start()
            got = 0
            while got < 1_000_000:
                got += len(other.recv(65_536))
            thread.join()
        return got

    assert set(explored(program, 10).returned) == {1_000_000}


def test_a_socket_times_out_in_virtual_time(explored):
    """A time-out of an hour takes none."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            one.settimeout(3_600)
            before = time.monotonic()
            with pytest.raises(TimeoutError, match="timed out"):
                one.recv(1)
            return time.monotonic() - before >= 3_600

    assert set(explored(program, 5).returned) == {True}


def test_nobody_sends(explored):
    """Two tasks that wait for each other's data are a potential deadlock, and the calls are named with their lines."""

    def program():
        one, other = socket.socketpair()
        with one, other:
            threads = [threading.Thread(target=end.recv, args=(1,)) for end in (one, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    found = explored(program, 1)
    (failure,) = found.failures
    assert failure.startswith("potential deadlock: ")
    assert "recv" in failure
