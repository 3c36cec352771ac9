"""Deadlock01: two locks, taken in opposite orders."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


def setup(shared: Any) -> tuple[Any, Any]:
    """The two locks."""
    return threading.Lock(), threading.Lock()


def forward(left: Any, right: Any) -> None:
    """Left, then right."""
    with left, right:
        pass


def backward(left: Any, right: Any) -> None:
    """Right, then left."""
    with right, left:
        pass


def body() -> None:
    """The test body that starts both itself."""
    left, right = setup(None)
    threads = [
        threading.Thread(target=forward, args=(left, right)),
        threading.Thread(target=backward, args=(left, right)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


KERNELS = (
    Kernel("deadlock01", (forward, backward), setup, preemptions=1, kind="deadlock"),
    Kernel("deadlock01_body", (body,), preemptions=1, kind="deadlock"),
    Kernel("deadlock01_ordered", (forward, forward), setup, racy=False),
)
