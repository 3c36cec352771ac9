"""A hundred threads each take one from a global number."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

import pytest

num = 100
num_lock = Lock()


def subtract() -> None:
    """Loads the global, takes one away, stores it."""
    global num
    num -= 1


def subtract_locked() -> None:
    """Does so while nobody else can."""
    global num
    with num_lock:
        num -= 1


def left_after_a_hundred(target: Callable[[], None]) -> int:
    """Runs a hundred threads from a fresh hundred and tells what is left."""
    global num
    num = 100
    threads = [Thread(target=target) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return num


@pytest.mark.racecheck(expect="race", schedules=50, seconds=4)
def test_a_hundred_threads() -> None:
    """A hundred minus a hundred is nothing, if every subtraction counts."""
    assert left_after_a_hundred(subtract) == 0


@pytest.mark.racecheck(expect="race-free", schedules=50, seconds=4)
def test_a_hundred_threads_under_a_lock() -> None:
    """With a lock every subtraction counts."""
    assert left_after_a_hundred(subtract_locked) == 0
