"""Two accounts, two locks, and two threads that take them in opposite order."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

import pytest

PATIENCE = 0.5  # seconds; a real program would wait for ever


class Account:
    """A balance with its lock."""

    def __init__(self, name: str, balance: int) -> None:
        self.name = name
        self.balance = balance
        self.lock = Lock()


def transfer(source: Account, target: Account, stuck: list[str]) -> None:
    """Locks the source, then the target, and gives up where a real program would hang."""
    with source.lock:
        if not target.lock.acquire(timeout=PATIENCE):
            stuck.append(f"holds {source.name}, waits for {target.name}")
            return
        try:
            source.balance -= 1
            target.balance += 1
        finally:
            target.lock.release()


def transfer_in_order(source: Account, target: Account, stuck: list[str]) -> None:
    """Locks both accounts in the order of their names, whichever way the money goes."""
    first, second = sorted((source, target), key=lambda account: account.name)
    with first.lock, second.lock:
        source.balance -= 1
        target.balance += 1


def transfer_both_ways(target: Callable[[Account, Account, list[str]], None]) -> list[str]:
    """Moves money from a to b and from b to a at once; tells who got stuck."""
    a, b = Account("a", 10), Account("b", 10)
    stuck: list[str] = []
    threads = [
        Thread(target=target, args=(a, b, stuck), name="a-to-b"),
        Thread(target=target, args=(b, a, stuck), name="b-to-a"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert a.balance + b.balance == 20
    return stuck


@pytest.mark.racecheck(expect="race", keep_going=False)
def test_opposite_order() -> None:
    """Each holds what the other waits for."""
    assert transfer_both_ways(transfer) == []


@pytest.mark.racecheck(expect="race-free")
def test_same_order() -> None:
    """Whoever has the first lock gets the second: there is no circle to wait in."""
    assert transfer_both_ways(transfer_in_order) == []
