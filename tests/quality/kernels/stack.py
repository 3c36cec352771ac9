"""Stack: a flag says that there is something to pop, and nobody ever takes the flag down."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

TIMES = 10


class Stack:
    """Items, and a flag that says there are some."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.filled = False


def setup(shared: Any) -> tuple[Stack, Any]:
    """The stack and its lock."""
    return Stack(), threading.Lock()


def push(stack: Stack, lock: Any) -> None:
    """Push, and raise the flag."""
    for i in range(TIMES):
        with lock:
            stack.items.append(i)
            stack.filled = True


def pop(stack: Stack, lock: Any) -> None:
    """Pop if the flag is up."""
    for _ in range(TIMES):
        with lock:
            if stack.filled:
                stack.items.pop()


def pop_and_lower(stack: Stack, lock: Any) -> None:
    """Pop if the flag is up, and take it down with the last item."""
    for _ in range(TIMES):
        with lock:
            if stack.filled:
                stack.items.pop()
                stack.filled = bool(stack.items)


KERNELS = (
    Kernel("stack", (push, pop), setup, preemptions=1),
    Kernel("stack_lowered", (push, pop_and_lower), setup, racy=False),
)
