"""Threads that are no tasks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pytest_racecheck import Verdict, explore
from pytest_racecheck.runtime.context import abandoned
from pytest_racecheck.runtime.threads import foreign


def test_an_idle_pool_is_not_at_work():
    """A worker that waits for work is there, and has nothing in hand."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pow, 1, 1).result()
        assert foreign.are_there_any()
        while foreign.at_work(items_only=False):
            pass


def test_a_work_item_is_work():
    """One in a work item has."""
    going, go_on = threading.Event(), []

    def item():
        going.set()
        while not go_on:
            pass

    with ThreadPoolExecutor(1, "pool") as pool:
        pool.submit(item)
        going.wait()
        while not foreign.at_work(items_only=True):
            pass
        go_on.append(True)


def test_a_thread_of_the_projects_own():
    """One in code of its own may have something in hand, but no work item."""
    go_on = []

    def wait():
        while not go_on:
            pass

    thread = threading.Thread(target=wait, name="own")
    thread.start()
    try:
        assert "own" in foreign.at_work(items_only=False)
        assert "own" not in foreign.at_work(items_only=True)
    finally:
        go_on.append(True)
        thread.join()


class Box:
    """Two tasks look into it, in turns, until a thread that is no task has put something there."""

    def __init__(self) -> None:
        self.full = False
        self.looks = 0

    def wait(self) -> None:
        while not self.full:
            self.looks += 1


def test_who_goes_round_and_round_may_wait_for_one():
    """That is no livelock: it cannot be explored, and passes on real threads, where the other one comes by."""
    boxes, over = [], []

    def setup(_shared):
        boxes[:] = [Box()]
        return boxes[0]

    def fill():
        while not over:
            if boxes and boxes[0].looks > 50_000:
                boxes[0].full = True

    thread = threading.Thread(target=fill, name="filler")
    thread.start()
    try:
        report = explore(Box.wait, setup=setup, schedules=3, max_steps=100, seed=1)
    finally:
        over.append(True)
        thread.join()
    assert report.verdict is Verdict.NOT_FOUND
    assert "may be waiting for filler, which is no task" in report.not_covered[0]


def test_what_an_earlier_run_left_behind():
    """A thread that could not be got out of its deadlock counts for nothing."""
    go_on = threading.Event()
    left = threading.Thread(target=go_on.wait)
    left.start()
    assert foreign.are_there_any()
    abandoned.add(left)
    assert not foreign.are_there_any()
    go_on.set()
    left.join()


def test_a_circle_is_a_deadlock_whoever_else_is_there(explored):
    """Nobody outside can let tasks go on that wait for each other: a thread that is busy with something of its own is not waited for."""
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            time.sleep(0.001)

    def program():
        one, other = threading.Lock(), threading.Lock()

        def take(first, second):
            with first, second:
                pass

        threads = [
            threading.Thread(target=take, args=pair) for pair in ((one, other), (other, one))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        found = explored(program, 40)
    finally:
        stop.set()
        thread.join()
    assert found.blocked is None
    assert found.uncontrolled == set()
    assert [failure for failure in found.failures if failure.startswith("deadlock: ")]
