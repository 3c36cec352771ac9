"""Bank: transfers lock two accounts in the order of their arguments, and an auditor adds up without any lock.

Two bugs in one program: opposite transfers deadlock, and the auditor sees money on its way.
"""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Account:
    """A balance and its lock."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.balance = 10
        self.lock = threading.Lock()


def setup(shared: Any) -> tuple[Account, Account]:
    """Two accounts."""
    return Account(1), Account(2)


def move(source: Account, target: Account, amount: int) -> None:
    """Book the money; both accounts are locked."""
    source.balance -= amount
    target.balance += amount


def transfer(source: Account, target: Account, amount: int) -> None:
    """Lock in the order of the arguments."""
    with source.lock, target.lock:
        move(source, target, amount)


def transfer_ordered(source: Account, target: Account, amount: int) -> None:
    """Lock in the order of the numbers."""
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        move(source, target, amount)


def there(mine: Account, yours: Account) -> None:
    """From the first to the second."""
    transfer(mine, yours, 3)


def back(mine: Account, yours: Account) -> None:
    """From the second to the first."""
    transfer(yours, mine, 4)


def there_ordered(mine: Account, yours: Account) -> None:
    """From the first to the second."""
    transfer_ordered(mine, yours, 3)


def back_ordered(mine: Account, yours: Account) -> None:
    """From the second to the first."""
    transfer_ordered(yours, mine, 4)


def audit(mine: Account, yours: Account) -> None:
    """Add up."""
    assert mine.balance + yours.balance == 20


def audit_locked(mine: Account, yours: Account) -> None:
    """Add up while nothing moves."""
    with mine.lock, yours.lock:
        assert mine.balance + yours.balance == 20


KERNELS = (
    Kernel("bank", (there, back, audit), setup, preemptions=1),
    Kernel("bank_deadlock", (there, back, audit_locked), setup, preemptions=1, kind="deadlock"),
    Kernel("bank_audit", (there_ordered, back_ordered, audit), setup, preemptions=1, kind="torn read"),
    Kernel("bank_ordered", (there_ordered, back_ordered, audit_locked), setup, racy=False),
)  # fmt: skip
