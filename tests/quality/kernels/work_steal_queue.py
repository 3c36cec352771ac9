"""Work-stealing queue: the owner pushes and pops at the tail, mostly without the lock; a thief takes at the head.

The thief moves the head on before it looks whether there is anything to take. In that moment its slot looks free, and a push
that trusts the head puts a new item over the one the thief is about to read. The twin's push leaves one slot free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernels.kernel import Kernel


class WorkStealQueue:
    """A ring of two slots at first; `spare` slots stay free in a push without the lock."""

    def __init__(self, spare: int) -> None:
        self.head = 0
        self.tail = 0
        self.mask = 1
        self.elems: list[Any] = [None, None]
        self.spare = spare

    def steal(self, lock: Any) -> Any:
        """Take the oldest item, or None."""
        with lock:
            head = self.head
            self.head = head + 1
            if head < self.tail:
                return self.elems[head & self.mask]
            self.head = head
            return None

    def pop(self, lock: Any) -> Any:
        """Take the newest item, or None."""
        tail = self.tail - 1
        self.tail = tail
        if self.head <= tail:
            return self.elems[tail & self.mask]
        self.tail = tail + 1
        return self.sync_pop(lock)

    def sync_pop(self, lock: Any) -> Any:
        """The same while nobody steals."""
        with lock:
            tail = self.tail - 1
            self.tail = tail
            if self.head <= tail:
                return self.elems[tail & self.mask]
            self.tail = tail + 1
            if self.head > tail:
                self.head = self.tail = 0
            return None

    def push(self, item: Any, lock: Any) -> None:
        """Put in an item."""
        tail = self.tail
        if tail < self.head + self.mask + 1 - self.spare:
            self.elems[tail & self.mask] = item
            self.tail = tail + 1
        else:
            self.sync_push(item, lock)

    def sync_push(self, item: Any, lock: Any) -> None:
        """The same while nobody steals: put head and tail back to the first round and make room."""
        with lock:
            head = self.head
            count = self.tail - head
            self.head = head & self.mask
            self.tail = self.head + count
            if count >= self.mask:
                self.double(count)
            self.elems[self.tail & self.mask] = item
            self.tail += 1

    def double(self, count: int) -> None:
        """Twice as many slots."""
        size = 2 * (self.mask + 1)
        kept = [self.elems[(self.head + i) & self.mask] for i in range(count)]
        self.elems = kept + [None] * (size - count)
        self.mask = size - 1
        self.head = 0
        self.tail = count


class Takings:
    """Who got what."""

    def __init__(self) -> None:
        self.owner: list[Any] = []
        self.thief: list[Any] = []


def owner(queue: WorkStealQueue, lock: Any, takings: Takings) -> None:
    """Push two and pop one, twice; then pop the rest."""
    taken = []
    for first in (0, 2):
        queue.push(first, lock)
        queue.push(first + 1, lock)
        taken.append(queue.pop(lock))
    taken.append(queue.pop(lock))
    taken.append(queue.pop(lock))
    takings.owner = taken


def thief(queue: WorkStealQueue, lock: Any, takings: Takings) -> None:
    """Steal twice."""
    takings.thief = [queue.steal(lock), queue.steal(lock)]


def setup(spare: int) -> Callable[[Any], tuple[WorkStealQueue, Any, Takings]]:
    """A queue, its lock, and a place for what was taken."""
    return lambda shared: (WorkStealQueue(spare), threading.Lock(), Takings())


def check(queue: WorkStealQueue, lock: Any, takings: Takings) -> bool:
    """Each item was taken exactly once."""
    taken = [item for item in takings.owner + takings.thief if item is not None]
    return sorted(taken) == [0, 1, 2, 3]


KERNELS = (
    Kernel("work_steal_queue", (owner, thief), setup(0), check, preemptions=1),
    Kernel("work_steal_queue_spare", (owner, thief), setup(1), check, racy=False),
)
