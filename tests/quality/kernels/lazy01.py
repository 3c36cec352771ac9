"""Lazy01: every access is locked, and yet the order decides: the last task fails once both additions are done.

As tasks released together, and as a test body that starts its threads itself in the order A, B, C.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernels.kernel import Kernel


class Shared:
    """A number."""

    def __init__(self) -> None:
        self.data = 0


def setup(shared: Any) -> tuple[Shared, Any]:
    """The number and its lock."""
    return Shared(), threading.Lock()


def add_one(state: Shared, lock: Any) -> None:
    """A."""
    with lock:
        state.data += 1


def add_two(state: Shared, lock: Any) -> None:
    """B."""
    with lock:
        state.data += 2


def looker(limit: int) -> Callable[[Shared, Any], None]:
    """C: the number must stay below `limit`; both additions make 3."""

    def look(state: Shared, lock: Any) -> None:
        with lock:
            assert state.data < limit

    return look


def started_in_order(tasks: tuple[Callable[[Shared, Any], None], ...]) -> Callable[[], None]:
    """The test body that starts the three itself."""

    def body() -> None:
        state = setup(None)
        threads = [threading.Thread(target=task, args=state) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return body


def lazy01(limit: int, racy: bool) -> tuple[Kernel, Kernel]:
    """Both forms, C before A and B.

    The order A, B, C is itself a failing one: a program that starts them so fails at once, on real threads too.
    """
    name = "lazy01" if racy else "lazy01_right"
    known: dict[str, Any] = {"racy": racy}
    if racy:
        known |= {"preemptions": 0}
    tasks = (looker(limit), add_one, add_two)
    return (
        Kernel(name, tasks, setup, **known),
        Kernel(f"{name}_body", (started_in_order(tasks),), **known),
    )


KERNELS = (*lazy01(3, racy=True), *lazy01(4, racy=False))
