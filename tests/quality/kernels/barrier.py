"""Barrier: each task writes its own slot and reads the other's; only a barrier between the two makes that right."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Slots:
    """One slot a task."""

    def __init__(self) -> None:
        self.left = 0
        self.right = 0


def setup(shared: Any) -> tuple[Slots, threading.Barrier]:
    """The slots and a barrier for two."""
    return Slots(), threading.Barrier(2)


def left(slots: Slots, barrier: threading.Barrier) -> None:
    """Write, meet, read."""
    slots.left = 1
    barrier.wait()
    assert slots.right == 1


def right(slots: Slots, barrier: threading.Barrier) -> None:
    """Write, meet, read."""
    slots.right = 1
    barrier.wait()
    assert slots.left == 1


def hasty_left(slots: Slots, barrier: threading.Barrier) -> None:
    """Meet first: the other's write may still be to come."""
    barrier.wait()
    slots.left = 1


def hasty_right(slots: Slots, barrier: threading.Barrier) -> None:
    """Meet first, then read what the other writes after meeting."""
    barrier.wait()
    slots.right = slots.left


KERNELS = (
    Kernel("barrier", (left, right), setup, racy=False),
    Kernel(
        "barrier_too_early", (hasty_right, hasty_left), setup,
        lambda slots, barrier: slots.right == 1, preemptions=0,
    ),
)  # fmt: skip
