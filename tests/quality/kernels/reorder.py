"""Reorder: setters write a and then b; a checker may see only the first of the two writes."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Pair:
    """Two numbers that belong together: both untouched or both set."""

    def __init__(self) -> None:
        self.a = 0
        self.b = 0


def write(pair: Pair) -> None:
    """Set both."""
    pair.a = 1
    pair.b = -1


def read(pair: Pair) -> None:
    """Both must be untouched, or both set."""
    assert (pair.a == 0 and pair.b == 0) or (pair.a == 1 and pair.b == -1)


def write_locked(pair: Pair, lock: Any) -> None:
    """Set both, out of sight."""
    with lock:
        write(pair)


def read_locked(pair: Pair, lock: Any) -> None:
    """Read both while nobody sets them."""
    with lock:
        read(pair)


def setup_locked(shared: Any) -> tuple[Pair, Any]:
    """The pair and its lock."""
    return Pair(), threading.Lock()


def reorder(setters: int, checkers: int) -> tuple[Kernel, Kernel]:
    """Both forms at one size."""
    size = f"{setters}_{checkers}"
    return (
        Kernel(
            f"reorder_{size}", (write,) * setters + (read,) * checkers, lambda shared: Pair(),
            preemptions=1, kind="torn read",
        ),
        Kernel(
            f"reorder_locked_{size}", (write_locked,) * setters + (read_locked,) * checkers,
            setup_locked, racy=False,
        ),
    )  # fmt: skip


# Published as reorder_3, 4, 5, 10 and 20: the names count all threads.
KERNELS = (
    *reorder(2, 1),
    *reorder(3, 1),
    *reorder(4, 1),
    *reorder(9, 1),
    *reorder(10, 10),
)
