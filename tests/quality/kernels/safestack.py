"""Safestack (Vyukov's): a lock-free stack of three elements that loses one only after five preemptions.

The stretch kernel: an element is popped, pushed back and popped again while another task still holds the old head, and the counter must
be wrong at the right moment, too. Swap and compare-and-set are atomic by a lock of their own; plain reads take none.
"""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

SIZE = 3
ROUNDS = 2


class Atomic:
    """A number with atomic read-and-change operations."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.lock = threading.Lock()

    def swap(self, new: int) -> int:
        """Set it, and tell what it was."""
        with self.lock:
            old = self.value
            self.value = new
            return old

    def compare_and_set(self, old: int, new: int) -> bool:
        """Set it if it is `old`."""
        with self.lock:
            if self.value != old:
                return False
            self.value = new
            return True

    def add(self, amount: int) -> None:
        """Add to it."""
        with self.lock:
            self.value += amount


class SafeStack:
    """Free elements, linked by their numbers; -1 ends the list or marks an element that is being popped."""

    def __init__(self) -> None:
        self.head = Atomic(0)
        self.count = Atomic(SIZE)
        self.next = tuple(Atomic(i + 1 if i + 1 < SIZE else -1) for i in range(SIZE))

    def pop(self) -> int:
        """Take an element, or -1 when only one is left."""
        while self.count.value > 1:
            head = self.head.value
            following = self.next[head].swap(-1)
            if following >= 0:
                if self.head.compare_and_set(head, following):
                    self.count.add(-1)
                    return head
                self.next[head].swap(following)
        return -1

    def push(self, element: int) -> None:
        """Give an element back."""
        head = self.head.value
        while True:
            self.next[element].swap(head)
            if self.head.compare_and_set(head, element):
                break
            head = self.head.value
        self.count.add(1)


class Workplace:
    """The stack, and who works on each element."""

    def __init__(self) -> None:
        self.stack = SafeStack()
        self.user: list[str | None] = [None] * SIZE


def worker(name: str) -> Any:
    """One who takes an element, uses it alone, and gives it back."""

    def work(place: Workplace) -> None:
        for _ in range(ROUNDS):
            element = place.stack.pop()
            while element < 0:
                element = place.stack.pop()
            place.user[element] = name
            assert place.user[element] == name
            place.stack.push(element)

    return work


def locked_worker(name: str) -> Any:
    """The same under one lock for everything."""
    work = worker(name)

    def work_locked(place: Workplace, lock: Any) -> None:
        with lock:
            work(place)

    return work_locked


NAMES = ("ada", "bob", "eve")
KERNELS = (
    Kernel(
        "safestack", tuple(worker(name) for name in NAMES), lambda shared: Workplace(), preemptions=5
    ),
    Kernel(
        "safestack_locked", tuple(locked_worker(name) for name in NAMES),
        lambda shared: (Workplace(), threading.Lock()), racy=False,
    ),
)  # fmt: skip
