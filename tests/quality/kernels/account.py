"""Account: a sum that is only wrong when the check comes last.

The same program twice: as tasks released together, and as a test body that starts its threads itself in the order check, deposit,
withdraw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernels.kernel import Kernel


class Account:
    """A balance, and what has been done to it."""

    def __init__(self) -> None:
        self.balance = 1
        self.deposited = False
        self.withdrawn = False


def setup(shared: Any) -> tuple[Account, Any]:
    """One account and its lock."""
    return Account(), threading.Lock()


def deposit(account: Account, lock: Any) -> None:
    """Add 2."""
    with lock:
        account.balance += 2
        account.deposited = True


def withdraw(account: Account, lock: Any) -> None:
    """Take 4."""
    with lock:
        account.balance -= 4
        account.withdrawn = True


def checker(total: int) -> Callable[[Account, Any], None]:
    """Expect `total` once both have been done; 1 + 2 - 4 is -1."""

    def check_total(account: Account, lock: Any) -> None:
        with lock:
            if account.deposited and account.withdrawn:
                assert account.balance == total

    return check_total


def started_in_order(total: int) -> Callable[[], None]:
    """The test body that starts the three itself."""
    check_total = checker(total)

    def body() -> None:
        state = setup(None)
        threads = [
            threading.Thread(target=task, args=state) for task in (check_total, deposit, withdraw)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return body


def account(total: int, racy: bool) -> tuple[Kernel, Kernel]:
    """Both forms."""
    name = "account" if racy else "account_right"
    known: dict[str, Any] = {"racy": racy}
    if racy:
        known |= {"preemptions": 0}
    return (
        Kernel(name, (checker(total), deposit, withdraw), setup, **known),
        Kernel(f"{name}_body", (started_in_order(total),), **known),
    )


KERNELS = (*account(-5, racy=True), *account(-1, racy=False))
