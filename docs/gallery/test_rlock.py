"""An account whose every method is locked, and which is overdrawn all the same."""

from __future__ import annotations

import threading
from threading import Thread

import pytest


class Account:
    """Holds ten, and locks every step by itself."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.balance = 10

    def covers(self, amount: int) -> bool:
        """Tells whether there is enough, right now."""
        with self.lock:
            return self.balance >= amount

    def withdraw(self, amount: int) -> None:
        """Takes the amount away."""
        with self.lock:
            self.balance -= amount

    def pay(self, amount: int) -> None:
        """Two locked steps, and a gap between them."""
        if self.covers(amount):
            self.withdraw(amount)


class CarefulAccount(Account):
    """Locks the whole payment; the RLock lets the steps inside lock again."""

    def pay(self, amount: int) -> None:
        """Both steps under one lock."""
        with self.lock:
            super().pay(amount)


def balance_after_two_payments(account: Account) -> int:
    """Two threads pay ten each, and we see who could."""
    threads = [Thread(target=account.pay, args=(10,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return account.balance


def test_only_an_rlock_can_be_taken_twice() -> None:
    """The same thread gets an RLock again, and waits for ever for a Lock it holds itself."""
    rlock, lock = threading.RLock(), threading.Lock()
    with rlock, lock:
        assert rlock.acquire(blocking=False)
        rlock.release()
        assert not lock.acquire(blocking=False)


@pytest.mark.racecheck(expect="race")
def test_two_locked_steps() -> None:
    """Both see ten, both take ten."""
    assert balance_after_two_payments(Account()) == 0


@pytest.mark.racecheck(expect="race-free")
def test_one_locked_payment() -> None:
    """One pays, the other is told that there is not enough."""
    assert balance_after_two_payments(CarefulAccount()) == 0
