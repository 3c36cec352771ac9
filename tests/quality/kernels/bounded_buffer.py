"""Bounded buffer: one condition for producers and consumers, and notify() may wake the wrong one.

The tasks take turns in the list, since two producers before two consumers end in the deadlock even when nobody chooses.
"""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

CAPACITY = 1
ITEMS = 2


def setup(shared: Any) -> tuple[list[int], threading.Condition]:
    """The buffer and its condition."""
    return [], threading.Condition()


def produce(buffer: list[int], changed: threading.Condition) -> None:
    """Put items in, and wake one waiter."""
    for i in range(ITEMS):
        with changed:
            while len(buffer) == CAPACITY:
                changed.wait()
            buffer.append(i)
            changed.notify()


def consume(buffer: list[int], changed: threading.Condition) -> None:
    """Take items out, and wake one waiter."""
    for _ in range(ITEMS):
        with changed:
            while not buffer:
                changed.wait()
            buffer.pop()
            changed.notify()


def produce_for_all(buffer: list[int], changed: threading.Condition) -> None:
    """Put items in, and wake everybody."""
    for i in range(ITEMS):
        with changed:
            while len(buffer) == CAPACITY:
                changed.wait()
            buffer.append(i)
            changed.notify_all()


def consume_for_all(buffer: list[int], changed: threading.Condition) -> None:
    """Take items out, and wake everybody."""
    for _ in range(ITEMS):
        with changed:
            while not buffer:
                changed.wait()
            buffer.pop()
            changed.notify_all()


KERNELS = (
    Kernel(
        "bounded_buffer", (produce, consume, produce, consume), setup,
        preemptions=0, kind="lost wake-up",
    ),
    Kernel(
        "bounded_buffer_all", (produce_for_all, consume_for_all, produce_for_all, consume_for_all),
        setup, racy=False,
    ),
)  # fmt: skip
