"""Look before you take: a queue, a deque and a dictionary that can be emptied between the look and the taking."""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import Any

from kernels.kernel import Kernel


def setup_queue(shared: Any) -> queue.Queue[int]:
    """A queue with one item."""
    items: queue.Queue[int] = queue.Queue()
    items.put(1)
    return items


def take_from_queue(items: queue.Queue[int]) -> None:
    """Look, then take."""
    if not items.empty():
        items.get_nowait()


def try_queue(items: queue.Queue[int]) -> None:
    """Take, and be content with nothing."""
    try:
        items.get_nowait()
    except queue.Empty:
        pass


def take_from_deque(items: deque[int]) -> None:
    """Look, then take."""
    if items:
        items.popleft()


def take_from_deque_locked(items: deque[int], lock: Any) -> None:
    """The same, one at a time."""
    with lock:
        take_from_deque(items)


def take_from_dict(stock: dict[str, int]) -> None:
    """Look, then take: a KeyError in one of the workers."""
    if "apple" in stock:
        stock.pop("apple")


def try_dict(stock: dict[str, int]) -> None:
    """Take, and be content with nothing."""
    stock.pop("apple", None)


KERNELS = (
    Kernel(
        "queue_empty", (take_from_queue,) * 2, setup_queue, preemptions=1, kind="check then act"
    ),
    Kernel("queue_tried", (try_queue,) * 2, setup_queue, racy=False),
    Kernel(
        "deque_empty", (take_from_deque,) * 2, lambda shared: deque([1]),
        preemptions=1, kind="check then act",
    ),
    Kernel(
        "deque_locked", (take_from_deque_locked,) * 2,
        lambda shared: (deque([1]), threading.Lock()), racy=False,
    ),
    Kernel(
        "dict_key_error", (take_from_dict,) * 2, lambda shared: {"apple": 1},
        preemptions=1, kind="check then act",
    ),
    Kernel("dict_tried", (try_dict,) * 2, lambda shared: {"apple": 1}, racy=False),
)  # fmt: skip
