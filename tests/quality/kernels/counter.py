"""Lost update: n workers add one, m times each, in two moves; once also as a test body that starts its threads itself."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Counter:
    """A number."""

    def __init__(self) -> None:
        self.value = 0


def lost_update(workers: int, times: int) -> Kernel:
    """Nothing keeps a worker's read and write together."""

    def worker(counter: Counter) -> None:
        for _ in range(times):
            counter.value += 1

    def check(counter: Counter) -> bool:
        return counter.value == workers * times

    return Kernel(
        f"lost_update_{workers}x{times}", (worker,) * workers, lambda shared: Counter(), check,
        preemptions=1, kind="lost update", resource="Counter.value",
    )  # fmt: skip


def locked_counter(workers: int, times: int) -> Kernel:
    """A lock does."""

    def setup(shared: Any) -> tuple[Counter, Any]:
        return Counter(), threading.Lock()

    def worker(counter: Counter, lock: Any) -> None:
        for _ in range(times):
            with lock:
                counter.value += 1

    def check(counter: Counter, lock: Any) -> bool:
        return counter.value == workers * times

    return Kernel(
        f"locked_counter_{workers}x{times}", (worker,) * workers, setup, check, racy=False
    )


def add(counter: Counter) -> None:
    """Add one, in two moves."""
    counter.value += 1


def body() -> None:
    """Two threads add one each."""
    counter = Counter()
    threads = [threading.Thread(target=add, args=(counter,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


def add_locked(counter: Counter, lock: Any) -> None:
    """Add one, one at a time."""
    with lock:
        counter.value += 1


def locked_body() -> None:
    """Two threads add one each, under a lock."""
    counter, lock = Counter(), threading.Lock()
    threads = [threading.Thread(target=add_locked, args=(counter, lock)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


SIZES = ((2, 1), (2, 2), (3, 1), (5, 2))
KERNELS = (
    *(lost_update(*size) for size in SIZES),
    *(locked_counter(*size) for size in SIZES),
    Kernel(
        "lost_update_body", (body,), preemptions=1, kind="lost update", resource="Counter.value"
    ),
    Kernel("locked_counter_body", (locked_body,), racy=False),
)
