"""Uneven: a short task against a long one, and the bug needs the short one last. The litmus of a sampler."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernels.kernel import Kernel


class Cell:
    """A flag."""

    def __init__(self) -> None:
        self.c = 1


def clear(cell: Cell) -> None:
    """The short task."""
    cell.c = 0


def setter(times: int) -> Callable[[Cell], None]:
    """The long task."""

    def set_often(cell: Cell) -> None:
        for _ in range(times):
            cell.c = 1

    return set_often


def clear_first(cell: Cell, cleared: Any) -> None:
    """The short task, which says when it is done."""
    cell.c = 0
    cleared.set()


def waiting_setter(times: int) -> Callable[[Cell, Any], None]:
    """The long task, which waits for the short one."""

    def set_often(cell: Cell, cleared: Any) -> None:
        cleared.wait()
        for _ in range(times):
            cell.c = 1

    return set_often


def uneven(times: int) -> tuple[Kernel, Kernel]:
    """Both forms at one size; the short task is released first, else the default schedule would fail already."""
    return (
        Kernel(
            f"uneven_{times}", (clear, setter(times)), lambda shared: Cell(),
            lambda cell: cell.c != 0, preemptions=0,
        ),
        Kernel(
            f"uneven_waiting_{times}", (clear_first, waiting_setter(times)),
            lambda shared: (Cell(), threading.Event()), lambda cell, cleared: cell.c != 0, racy=False,
        ),
    )  # fmt: skip


KERNELS = (*uneven(5), *uneven(25))
