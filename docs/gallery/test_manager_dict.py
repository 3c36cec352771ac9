"""Twenty processes subtract from one Manager dict: bare, and under a lock in both spellings."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, MutableMapping
from multiprocessing.synchronize import Lock
from typing import Any

import pytest

WORKERS = 20
Stock = MutableMapping[str, int]


def sell(stock: Stock) -> None:
    """Two messages to the manager: get, then set."""
    stock["left"] -= 1


def sell_between_acquire_and_release(stock: Stock, lock: Lock) -> None:
    """Holds the lock from the first message to the second, whatever happens."""
    lock.acquire()
    try:
        stock["left"] -= 1
    finally:
        lock.release()


def sell_with(stock: Stock, lock: Lock) -> None:
    """The same, spelled so that nobody can forget the release."""
    with lock:
        stock["left"] -= 1


def left_after(seller: Callable[..., None], *more: object) -> int:
    """Starts twenty sellers on a stock of a hundred and tells what is left."""
    with multiprocessing.Manager() as manager:
        stock = manager.dict(left=100)
        sellers = [
            multiprocessing.Process(target=seller, args=(stock, *more)) for _ in range(WORKERS)
        ]
        for process in sellers:
            process.start()
        for process in sellers:
            process.join()
        assert [process.exitcode for process in sellers] == [0] * WORKERS
        return stock["left"]


@pytest.mark.racecheck(expect="race", schedules=10, seconds=5)
def test_twenty_sellers() -> None:
    """Twenty sales leave eighty, unless two sellers read the same number."""
    assert left_after(sell) == 80


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_twenty_sellers_acquire_and_release() -> None:
    """A lock held across both messages leaves exactly eighty."""
    assert left_after(sell_between_acquire_and_release, multiprocessing.Lock()) == 80


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_twenty_sellers_with_a_lock() -> None:
    """The with statement gives the same guarantee."""
    assert left_after(sell_with, multiprocessing.Lock()) == 80


def test_two_sellers_are_enough(manager_race: Any) -> None:
    """The race needs no crowd: two sellers show it."""
    report = manager_race(
        sell,
        workers=2,
        setup=lambda shared: shared.dict({"left": 2}),
        check=lambda stock: stock["left"] == 0,
        keep_going=False,
    )
    report.assert_racy()
