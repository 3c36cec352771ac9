"""Whether a process has come to rest."""

from __future__ import annotations

import dataclasses
import os
import queue
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pytest_racecheck.runtime.forks import tasks
from pytest_racecheck.runtime.jitter.rest import Rest, at_rest
from pytest_racecheck.runtime.jitter.waits import KNOWN
from pytest_racecheck.runtime.threads.elsewhere import Beforehand

pytestmark = pytest.mark.skipif(not KNOWN, reason="what threads wait for is not known here")

Others = tuple[frozenset[int], Beforehand]


@pytest.fixture
def others() -> Others:
    """The threads and the children that are there before the test begins any."""
    return tasks(), Beforehand.now()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe; what waits for it goes on when the test is over."""
    reading, writing = os.pipe()
    yield reading, writing
    os.write(writing, b"x" * 9)
    os.close(writing)
    os.close(reading)


def is_at_rest(others: Others, target: Callable[[], object], end: Callable[[], object]) -> bool:
    """Whether a process is at rest in which only `target` runs, which `end` ends; asked until it is, for a while."""
    threads, before = others
    thread = threading.Thread(target=target)
    thread.start()
    try:
        limit = time.monotonic() + 0.3
        while not at_rest(threads, before):
            if time.monotonic() > limit:
                return False
        return True
    finally:
        end()
        thread.join()


@pytest.mark.parametrize("call", ["read", "select", "poll", "epoll"])
def test_a_pipe_that_nobody_writes_to(others, pipe, call) -> None:
    """Nothing can come through a pipe both ends of which are here, however it is waited for."""
    reading, writing = pipe
    poll, epoll = select.poll(), select.epoll()
    poll.register(reading, select.POLLIN)
    epoll.register(reading, select.EPOLLIN)
    calls = {
        "read": lambda: os.read(reading, 1),
        "select": lambda: select.select([reading], [], []),
        "poll": poll.poll,
        "epoll": epoll.poll,
    }
    assert is_at_rest(others, calls[call], lambda: os.write(writing, b"x"))
    epoll.close()


def test_a_lock_that_nobody_releases(others) -> None:
    """Nor does a lock become free by itself."""
    lock = threading.Lock()
    lock.acquire()
    assert is_at_rest(others, lock.acquire, lock.release)


def test_who_waits_with_a_limit_moves_on(others, pipe) -> None:
    """A wait with a time limit ends, so nothing can be said yet: sleep, lock, queue, select."""
    reading, writing = pipe
    stop = threading.Event()
    jobs: queue.Queue[int] = queue.Queue()
    assert not is_at_rest(others, lambda: stop.wait(60), stop.set)
    assert not is_at_rest(others, lambda: jobs.get(timeout=60), lambda: jobs.put(1))
    assert not is_at_rest(others, lambda: time.sleep(0.4), int)
    assert not is_at_rest(
        others, lambda: select.select([reading], [], [], 60), lambda: os.write(writing, b"x")
    )


def test_who_computes_is_not_at_rest(others) -> None:
    """A loop waits for nothing but the GIL at times, and then whoever asks sees that the processor is used."""
    stop: list[int] = []
    began, used = time.monotonic(), time.process_time()

    def compute() -> None:
        while not stop:
            pass

    found = is_at_rest(others, compute, lambda: stop.append(1))
    share = (time.process_time() - used) / (time.monotonic() - began)
    assert not found or share > 0.02


def test_what_another_process_may_send(others) -> None:
    """While there are children nothing is said: they may hold the other end of anything."""
    lock = threading.Lock()
    lock.acquire()
    with subprocess.Popen(["sleep", "60"]) as child:
        assert not is_at_rest(others, lock.acquire, lock.release)
        child.kill()


def test_a_child_from_before(others) -> None:
    """One that the session had anyway keeps no lock, and has no pipe that was made since."""
    lock = threading.Lock()
    lock.acquire()
    with subprocess.Popen(["sleep", "60"]) as child:
        assert is_at_rest((others[0], Beforehand.now()), lock.acquire, lock.release)
        child.kill()


def test_a_pipe_whose_other_end_is_elsewhere(others) -> None:
    """What has one end here only is fed by somebody else, even by no child."""
    reading, writing = os.pipe()
    with subprocess.Popen(["sleep", "60"], pass_fds=[writing]) as child:
        os.close(writing)
        since = dataclasses.replace(Beforehand.now(), files=frozenset())
        assert not is_at_rest((others[0], since), lambda: os.read(reading, 1), child.kill)
    os.close(reading)


def test_a_connection_inside_the_process(others) -> None:
    """A socket whose other end is here, too, brings nothing."""
    here, there = socket.socketpair()
    assert is_at_rest(others, lambda: here.recv(1), lambda: there.send(b"x"))
    here.close()
    there.close()


def test_it_tells_again_and_again(others) -> None:
    """As long as nothing moves, it is told; afterwards the thread is gone."""
    told = threading.Semaphore(0)
    rest = Rest(0.01, told.release)
    rest._others = others[0]
    before = len(tasks())
    rest.begin()
    told.acquire()
    rest.end()
    rest.end()
    assert len(tasks()) <= before


def test_it_is_gone_when_the_process_forks() -> None:
    """A child is made by a process without a thread of ours, and has none."""
    rest = Rest(60, int)
    rest.begin()
    child = os.fork()
    if not child:
        os._exit(len(os.listdir("/proc/self/task")) - 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not rest._ends
    rest.end()
