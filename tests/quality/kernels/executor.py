"""Threads that the code under test starts by itself: a pool, and plain threads inside a function it calls."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from kernels.kernel import Kernel


class Tally:
    """A total, with a lock that callers may use."""

    def __init__(self) -> None:
        self.total = 0
        self.lock = threading.Lock()

    def add(self, amount: int) -> None:
        """Add, in two moves."""
        self.total += amount

    def add_locked(self, amount: int) -> None:
        """Add, one at a time."""
        with self.lock:
            self.total += amount


def pool() -> None:
    """Two additions in a pool lose one."""
    tally = Tally()
    with ThreadPoolExecutor(max_workers=2) as workers:
        for amount in (1, 2):
            workers.submit(tally.add, amount)
    assert tally.total == 3


def pool_locked() -> None:
    """Two locked additions in a pool."""
    tally = Tally()
    with ThreadPoolExecutor(max_workers=2) as workers:
        assert list(workers.map(tally.add_locked, (1, 2))) == [None, None]
    assert tally.total == 3


def add_all(tally: Tally, method: str) -> None:
    """Start a thread for each of two additions, and wait for them."""
    threads = [threading.Thread(target=getattr(tally, method), args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def threads_inside() -> None:
    """Two additions in threads lose one."""
    tally = Tally()
    add_all(tally, "add")
    assert tally.total == 3


def threads_inside_locked() -> None:
    """Two locked additions in threads."""
    tally = Tally()
    add_all(tally, "add_locked")
    assert tally.total == 3


KERNELS = (
    Kernel("pool", (pool,), preemptions=1, kind="lost update", resource="Tally.total"),
    Kernel("pool_locked", (pool_locked,), racy=False),
    Kernel(
        "threads_inside", (threads_inside,),
        preemptions=1, kind="lost update", resource="Tally.total",
    ),
    Kernel("threads_inside_locked", (threads_inside_locked,), racy=False),
)  # fmt: skip
