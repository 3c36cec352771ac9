"""Queue: like the circular buffer, but one element goes in before the flags begin to rule."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

SIZE = 20


class FlagQueue:
    """A queue, what was put in by position, and whose turn it is."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.stored: list[int | None] = [None] * SIZE
        self.may_enqueue = True
        self.may_dequeue = False

    def enqueue(self, position: int) -> None:
        """Put in one value and note it at `position`."""
        value = 100 + position
        self.items.append(value)
        self.stored[position] = value


def setup(shared: Any) -> tuple[FlagQueue, Any]:
    """The queue and its lock."""
    return FlagQueue(), threading.Lock()


def fill(queue: FlagQueue, lock: Any) -> None:
    """Put one value in, then more whenever it is this task's turn."""
    with lock:
        queue.enqueue(0)
    for i in range(SIZE - 1):
        with lock:
            if queue.may_enqueue:
                queue.enqueue(i + 1)
                queue.may_enqueue, queue.may_dequeue = False, True


def drain(queue: FlagQueue, lock: Any) -> None:
    """Expect what was stored at position i at poll i, although some polls find nothing."""
    for i in range(SIZE):
        with lock:
            if queue.may_dequeue:
                assert queue.items.pop(0) == queue.stored[i]
                queue.may_enqueue, queue.may_dequeue = True, False


def fill_counting(queue: FlagQueue, lock: Any) -> None:
    """Put values in one after the other."""
    with lock:
        queue.enqueue(0)
    stored = 1
    for _ in range(SIZE - 1):
        with lock:
            if queue.may_enqueue:
                queue.enqueue(stored)
                stored += 1
                queue.may_enqueue, queue.may_dequeue = False, True


def drain_counting(queue: FlagQueue, lock: Any) -> None:
    """Expect the values one after the other; a poll that finds nothing does not count."""
    taken = 0
    for _ in range(SIZE):
        with lock:
            if queue.may_dequeue:
                assert queue.items.pop(0) == queue.stored[taken]
                taken += 1
                queue.may_enqueue, queue.may_dequeue = True, False


KERNELS = (
    Kernel("flag_queue", (fill, drain), setup, preemptions=1),
    Kernel("flag_queue_counting", (fill_counting, drain_counting), setup, racy=False),
)
