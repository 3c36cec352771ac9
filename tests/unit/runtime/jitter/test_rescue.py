"""Getting stuck threads out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from pytest_racecheck.runtime.jitter.delays import RunDelays
from pytest_racecheck.runtime.jitter.rescue import may_raise_in_others, rescue
from pytest_racecheck.runtime.jitter.task import JitterTask, RunAborted

TASK = RunDelays.draw(1, 1, 1e-3, {})


def held_lock() -> threading.Lock:
    """A lock that nobody will release."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def wait_for_lock() -> None:
    """Wait for a lock in a local variable."""
    lock = held_lock()
    lock.acquire()


def wait_with() -> None:
    """Wait for a lock in a with statement."""
    lock = held_lock()
    with lock:
        pass


def wait_for_condition() -> None:
    """Wait for a notification that never comes."""
    condition = threading.Condition()
    with condition:
        condition.wait()


def wait_for_event() -> None:
    """Wait for an event that is never set."""
    threading.Event().wait()


def wait_for_queue() -> None:
    """Wait for an item that is never put."""
    queue.Queue().get()


def spin() -> None:
    """Compute for ever."""
    while True:
        pass


@pytest.mark.parametrize(
    "stuck", [wait_for_lock, wait_with, wait_for_condition, wait_for_event, wait_for_queue, spin]
)
def test_a_stuck_thread_ends(stuck: Callable[[], None]) -> None:
    """Threads that wait for plain locks, directly or through the standard library, and those that spin, are ended."""
    if stuck in (wait_for_queue, spin) and not may_raise_in_others():
        pytest.skip("on 3.11 no exception may be set in another thread while something traces")
    started = threading.Event()

    def body() -> None:
        started.set()
        try:
            stuck()
        except RunAborted:
            return

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    started.wait()
    left = rescue([(thread, JitterTask("stuck-1", TASK.stream("stuck-1")))])
    assert left == []
    assert not thread.is_alive()
