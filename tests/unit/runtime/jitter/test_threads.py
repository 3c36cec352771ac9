"""Threads of the program as tasks: who is waited for, who overlaps, and what is left after a hang."""

from __future__ import annotations

import multiprocessing
import multiprocessing.dummy
import multiprocessing.queues
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime.jitter.threads import is_service


def noop(*_: object) -> None:
    """Nothing."""


def one_by_one() -> None:
    """Two threads that wait for nobody."""
    threads = [threading.Thread(target=noop) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def queue_feeder() -> None:
    """A queue, whose feeder thread lives as long as the queue does."""
    queue: Any = multiprocessing.Queue()
    queue.put(1)
    one_by_one()
    assert queue.get() == 1
    queue.close()
    queue.join_thread()


def executor() -> None:
    """Workers that run what is submitted beside what submits it."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(noop, range(2)))


def thread_pool() -> None:
    """The same, of multiprocessing, with three threads that serve the pool."""
    with ThreadPool(2) as pool:
        pool.map(noop, range(2))


def rendezvous() -> None:
    """Two threads that wait for each other."""
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=barrier.wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("program", "overlapped"),
    [(one_by_one, False), (queue_feeder, False), (executor, True), (thread_pool, True), (rendezvous, True)],
)  # fmt: skip
def test_what_overlaps_in_a_control_run(runs: Any, program: Any, overlapped: bool) -> None:
    """Threads that only serve a library do not count; workers of pools run the program's code, and do."""
    serial = 0.05 if program is rendezvous else 5.0
    world = runs.observe(program, serial=serial)
    assert world.result().overlapped is overlapped
    # A worker or a feeder that was waited for would have cost those seconds.
    assert world.result().seconds < 4.0


@pytest.mark.parametrize(
    ("thread", "service"),
    [
        (threading.Thread(target=noop), False),
        (threading.Timer(1, noop), False),
        (multiprocessing.dummy.Process(target=noop), False),
        (threading.Thread(target=multiprocessing.queues.Queue._feed), True),  # type: ignore[attr-defined]
        (threading.Thread(target=multiprocessing.pool.worker), False),  # type: ignore[attr-defined]
    ],
)
def test_what_serves_a_library(thread: threading.Thread, service: bool) -> None:
    """The target decides, and the class only of a thread without one."""
    assert is_service(thread) is service


def test_after_a_hang_every_stuck_thread_is_shown_and_got_out(runs: Any) -> None:
    """Each is reported with the line it waits at, within the scope only, and none is left or named as left."""
    lock = threading.Lock()
    lock.acquire()

    def stuck() -> None:
        with lock:
            pass

    def program() -> None:
        for _ in range(2):
            threading.Thread(target=stuck).start()

    before = threading.active_count()
    world = runs.world()
    with world:
        program()
        world.record(TaskError("main", Outcome.POTENTIAL_DEADLOCK, "main did not end"))
    found = {error.task: error for error in world.errors}
    assert sorted(found) == ["main", "stuck-1", "stuck-2"]
    assert found["stuck-1"].details.splitlines()[-1].strip() == "with lock:"
    assert found["stuck-1"].details.count("File ") == 1
    assert world.leaked == []
    assert threading.active_count() == before


def test_main_is_alone_before_and_after_its_threads(runs: Any) -> None:
    """Only while another task lives can main race with one."""
    seen = []
    release = threading.Event()
    world = runs.world()
    with world:
        seen.append(world.is_alone(world.main))
        thread = threading.Thread(target=release.wait)
        thread.start()
        seen.append(world.is_alone(world.main))
        release.set()
        thread.join()
        seen.append(world.is_alone(world.main))
    assert seen == [True, False, True]
