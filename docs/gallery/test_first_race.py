"""Two threads, one counter, and the update that gets lost.

The first test carries no expectation: under ``--racecheck`` it fails, as yours would.
"""

from __future__ import annotations

from threading import Lock, Thread

import pytest


class Counter:
    """Counts without care."""

    def __init__(self) -> None:
        self.value = 0

    def increment(self) -> None:
        """Reads the value, adds one, writes it back: three steps."""
        self.value += 1


class LockedCounter(Counter):
    """Counts with one thread at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def increment(self) -> None:
        """The three steps, and nobody in between."""
        with self.lock:
            self.value += 1


def count_to_two(counter: Counter) -> int:
    """Lets two threads increment, waits for both, and tells the value."""
    threads = [Thread(target=counter.increment, name=f"increment-{n}") for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.value


def test_two_threads_count_to_two() -> None:
    """Two increments make two. Do they?"""
    assert count_to_two(Counter()) == 2


@pytest.mark.racecheck(expect="race-free")
def test_two_threads_count_to_two_under_a_lock() -> None:
    """Two increments make two, one after the other."""
    assert count_to_two(LockedCounter()) == 2
