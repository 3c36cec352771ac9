"""Queue and JoinableQueue: what they make safe, and two ways to spoil it."""

from __future__ import annotations

import queue
from collections.abc import Callable
from multiprocessing import Array, JoinableQueue, Process
from threading import Thread
from typing import Any

import pytest

ITEMS = 3
Inbox = queue.Queue[int]


def take_if_not_empty(inbox: Inbox, taken: list[int]) -> None:
    """Asks first, then takes: by then another may have taken it."""
    while not inbox.empty():
        taken.append(inbox.get_nowait())


def take_until_empty(inbox: Inbox, taken: list[int]) -> None:
    """Takes, and is told by the same step when there was nothing."""
    while True:
        try:
            taken.append(inbox.get_nowait())
        except queue.Empty:
            return


def taken_by_two(target: Callable[[Inbox, list[int]], None]) -> list[int]:
    """Lets two threads empty one queue and tells what they took."""
    inbox: Inbox = queue.Queue()
    for item in range(ITEMS):
        inbox.put(item)
    taken: list[int] = []
    threads = [Thread(target=target, args=(inbox, taken)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(taken)


def done_then_write(jobs: Any, squares: Any) -> None:
    """Reports the job done before it is."""
    for n in iter(jobs.get, None):
        jobs.task_done()
        squares[n] = n * n


def write_then_done(jobs: Any, squares: Any) -> None:
    """Reports the job done when it is."""
    for n in iter(jobs.get, None):
        squares[n] = n * n
        jobs.task_done()


def squares_after_join(target: Callable[[Any, Any], None]) -> list[int]:
    """Gives a child four jobs, joins the queue, and looks at the results at once."""
    jobs: Any = JoinableQueue()
    squares: Any = Array("i", 4, lock=False)
    child = Process(target=target, args=(jobs, squares))
    child.start()
    for n in range(4):
        jobs.put(n)
    jobs.join()
    found: list[int] = list(squares)
    jobs.put(None)
    child.join()
    jobs.close()
    jobs.join_thread()
    return found


@pytest.mark.racecheck(expect="race")
def test_asking_before_taking() -> None:
    """A queue that was not empty a moment ago may be."""
    assert taken_by_two(take_if_not_empty) == list(range(ITEMS))


@pytest.mark.racecheck(expect="race-free")
def test_taking_without_asking() -> None:
    """Every item is taken once, by whoever comes first."""
    assert taken_by_two(take_until_empty) == list(range(ITEMS))


@pytest.mark.racecheck(expect="race", schedules=50, seconds=5)
def test_done_before_it_is() -> None:
    """The last result may still be on its way when join returns."""
    assert squares_after_join(done_then_write) == [0, 1, 4, 9]


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_done_when_it_is() -> None:
    """After join every result is there."""
    assert squares_after_join(write_then_done) == [0, 1, 4, 9]
