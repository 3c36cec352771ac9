"""The queue that is written in C."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest


def test_items_come_out_in_order(explored):
    """One producer's items arrive in the order in which they were put."""

    def program():
        items = queue.SimpleQueue()
        thread = threading.Thread(target=lambda: [items.put(n) for n in range(3)])
        thread.start()
        got = [items.get() for _ in range(3)]
        thread.join()
        return got

    assert explored(program).returned == [[0, 1, 2]] * 50


def test_who_waits_without_hope_is_a_deadlock(explored):
    """Two getters of an empty queue wait for ever, and both are named."""

    def program():
        items = queue.SimpleQueue()
        thread = threading.Thread(target=items.get)
        thread.start()
        items.get()

    (failure,) = explored(program, 5).failures
    assert failure.startswith("deadlock: ")
    assert failure.count("waits") == 2


@pytest.mark.parametrize("timeouts", ["last", "any"])
def test_getters_compete(explored, timeouts):
    """Of two timed getters one gets the only item and the other times out, also when both were ready to take it."""

    def program():
        items = queue.SimpleQueue()
        got = []

        def get():
            try:
                got.append(items.get(timeout=5))
            except queue.Empty:
                got.append("empty")

        threads = [threading.Thread(target=get) for _ in range(2)]
        items.put(1)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(map(str, got))

    returned = explored(program, timeouts=timeouts).returned
    assert [run for run in returned if run not in (["1", "empty"], ["empty", "empty"])] == []
    if timeouts == "last":
        assert ["empty", "empty"] not in returned


def test_without_waiting(explored):
    """get_nowait, empty and qsize answer as the original's do."""

    def program():
        items = queue.SimpleQueue()
        answers = [items.empty(), items.qsize()]
        try:
            items.get_nowait()
        except queue.Empty:
            answers.append("empty")
        items.put_nowait(1)
        answers += [items.empty(), items.qsize(), items.get(block=False)]
        try:
            items.get(timeout=-1)
        except ValueError:
            answers.append("refused")
        return answers

    assert explored(program, 1).returned == [[True, 0, "empty", False, 1, 1, "refused"]]


def test_an_executor_runs_on_it(explored):
    """ThreadPoolExecutor, wait and as_completed work under control."""

    def program():
        with ThreadPoolExecutor(2) as pool:
            return sorted(
                done.result() for done in as_completed([pool.submit(pow, 2, n) for n in range(3)])
            )

    assert explored(program).returned == [[1, 2, 4]] * 50


def test_one_that_outlives_its_run_still_works(explored):
    """A queue made in one run can be used in the next, and in between."""
    kept = []

    def program():
        if not kept:
            kept.append(queue.SimpleQueue())
        thread = threading.Thread(target=kept[0].put, args=(1,))
        thread.start()
        got = kept[0].get()
        thread.join()
        return got

    assert explored(program, 5).returned == [1] * 5
    kept[0].put(2)
    assert kept[0].get(timeout=1) == 2


def test_a_pool_from_before_is_waited_for(explored):
    """The workers of a pool that was there before the campaign are no tasks; what they do arrives all the same."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pow, 1, 1).result()
        found = explored(lambda: pool.submit(pow, 2, 5).result(), 3)
    assert found.returned == [32] * 3
