"""Whether the processes of a test are at rest."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from pytest_racecheck.runtime.jitter import families
from pytest_racecheck.runtime.jitter.ending import descendants
from pytest_racecheck.runtime.jitter.waits import KNOWN
from pytest_racecheck.runtime.threads.elsewhere import Beforehand

pytestmark = pytest.mark.skipif(not KNOWN, reason="what processes wait for is not known here")
FORK = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


@pytest.fixture
def started() -> Iterator[Callable[..., Beforehand]]:
    """Start processes, returning what was there before; they are killed at the end."""
    processes = []

    def start(*targets: Callable[[], object]) -> Beforehand:
        before = Beforehand.now()
        for target in targets:
            processes.append(FORK.Process(target=target))
            processes[-1].start()
        return before

    yield start
    for process in processes:
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.join()


def comes_to_rest(before: Beforehand) -> bool:
    """Whether all children are at rest within a second."""
    limit = time.monotonic() + 1.0
    while not families.at_rest(before, ()):
        if time.monotonic() > limit:
            return False
    return True


def test_processes_that_wait_for_a_lock(started) -> None:
    """A lock that nobody releases: nothing will ever happen again."""
    lock = FORK.Lock()
    lock.acquire()
    assert comes_to_rest(started(lock.acquire, lock.acquire))


def test_a_pipe_that_only_they_have(started) -> None:
    """Whoever could write into it waits as well, wherever the pipe was made."""
    reading, writing = os.pipe()
    assert comes_to_rest(started(lambda: os.read(reading, 1)))
    os.close(reading)
    os.close(writing)


def test_one_that_has_died_is_left_out(started) -> None:
    """It is no more than an exit code that nobody has asked for."""
    lock = FORK.Lock()
    lock.acquire()
    assert comes_to_rest(started(lock.acquire, lambda: os.kill(os.getpid(), signal.SIGKILL)))


def test_one_that_sleeps_goes_on_by_itself(started) -> None:
    """Whatever waits with a limit is not at rest."""
    lock = FORK.Lock()
    lock.acquire()
    assert not comes_to_rest(started(lock.acquire, lambda: signal.sigtimedwait([], 60)))


def test_without_children_there_is_nothing_to_see() -> None:
    """Then the process itself decides."""
    assert not families.at_rest(Beforehand.now(), ())


def test_what_was_there_before_is_no_part_of_it(started) -> None:
    """Nor is what comes from that: whatever it does, and whoever it starts, is the session's."""

    def has_a_child() -> None:
        lock = FORK.Lock()
        lock.acquire()
        FORK.Process(target=lock.acquire, daemon=True).start()
        ready.send(None)
        lock.acquire()

    receiving, ready = FORK.Pipe(duplex=False)
    started(has_a_child)
    receiving.recv()
    assert not families.at_rest(Beforehand.now(), ())
