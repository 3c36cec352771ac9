"""Twostage: each of two values is locked, but not both together, so a reader can come between the stages."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Stages:
    """Two values of which the second follows the first."""

    def __init__(self) -> None:
        self.first = 0
        self.second = 0


def setup(shared: Any) -> tuple[Stages, Any, Any]:
    """The stages and a lock for each."""
    return Stages(), threading.Lock(), threading.Lock()


def write(stages: Stages, first_lock: Any, second_lock: Any) -> None:
    """The second stage is written after the first one's lock has been let go."""
    with first_lock:
        stages.first = 1
    with second_lock:
        stages.second = stages.first + 1


def write_together(stages: Stages, first_lock: Any, second_lock: Any) -> None:
    """The second stage is written while the first one's lock is still held."""
    with first_lock:
        stages.first = 1
        with second_lock:
            stages.second = stages.first + 1


def read(stages: Stages, first_lock: Any, second_lock: Any) -> None:
    """If the first stage has been written, the second must follow it."""
    with first_lock:
        first = stages.first
        if first == 0:
            return
    with second_lock:
        second = stages.second
    assert second == first + 1


def twostage(writers: int, readers: int) -> tuple[Kernel, Kernel]:
    """Both forms at one size."""
    size = f"{writers}_{readers}"
    return (
        Kernel(f"twostage_{size}", (write,) * writers + (read,) * readers, setup, preemptions=1),
        Kernel(
            f"twostage_together_{size}", (write_together,) * writers + (read,) * readers, setup,
            racy=False,
        ),
    )  # fmt: skip


KERNELS = (*twostage(1, 1), *twostage(19, 1), *twostage(49, 1))
