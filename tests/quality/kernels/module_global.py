"""A global number that two workers count down; the report must call it by its name."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel

num = 100
lock = threading.Lock()


def setup(shared: Any) -> None:
    """Start from 100."""
    global num
    num = 100


def decrease() -> None:
    """Take one, in two moves."""
    global num
    num -= 1


def decrease_locked() -> None:
    """Take one, one at a time."""
    with lock:
        decrease()


def check() -> bool:
    """Two are gone."""
    return num == 98


KERNELS = (
    Kernel(
        "module_global", (decrease, decrease), setup, check,
        preemptions=1, kind="lost update", resource="num",
    ),
    Kernel("module_global_locked", (decrease_locked, decrease_locked), setup, check, racy=False),
)  # fmt: skip
