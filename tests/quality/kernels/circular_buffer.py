"""Circular buffer: a consumer that polls once too early is off by one for good."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

MESSAGES = 7
CAPACITY = 10


class Ring:
    """A ring of messages and whose turn it is."""

    def __init__(self) -> None:
        self.buffer = [0] * CAPACITY
        self.first = 0
        self.next = 0
        self.send = True
        self.receive = False

    def insert(self, message: int) -> None:
        """Put a message in, and give the turn to the consumer."""
        self.buffer[self.next] = message
        self.next = (self.next + 1) % CAPACITY
        self.send, self.receive = False, True

    def remove(self) -> int:
        """Take a message out, and give the turn to the producer."""
        message = self.buffer[self.first]
        self.first = (self.first + 1) % CAPACITY
        self.send, self.receive = True, False
        return message


def setup(shared: Any) -> tuple[Ring, Any]:
    """The ring and its lock."""
    return Ring(), threading.Lock()


def produce(ring: Ring, lock: Any) -> None:
    """Send number i if it is this task's turn at poll i."""
    for i in range(MESSAGES):
        with lock:
            if ring.send:
                ring.insert(i)


def consume(ring: Ring, lock: Any) -> None:
    """Expect number i at poll i, although some polls find nothing."""
    for i in range(MESSAGES):
        with lock:
            if ring.receive:
                assert ring.remove() == i


def produce_counting(ring: Ring, lock: Any) -> None:
    """Send the numbers one after the other."""
    sent = 0
    for _ in range(MESSAGES):
        with lock:
            if ring.send:
                ring.insert(sent)
                sent += 1


def consume_counting(ring: Ring, lock: Any) -> None:
    """Expect the numbers one after the other; a poll that finds nothing does not count."""
    received = 0
    for _ in range(MESSAGES):
        with lock:
            if ring.receive:
                assert ring.remove() == received
                received += 1


KERNELS = (
    Kernel("circular_buffer", (produce, consume), setup, preemptions=1),
    Kernel(
        "circular_buffer_counting", (produce_counting, consume_counting), setup, racy=False
    ),
)  # fmt: skip
