"""Dining philosophers: n forks in a ring, each philosopher takes the one before him and the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernels.kernel import Kernel


def philosopher(first: int, second: int) -> Callable[..., None]:
    """One who takes the fork `first`, then the fork `second`."""

    def dine(*forks: Any) -> None:
        one, other = forks[first], forks[second]
        with one, other:
            pass

    return dine


def forks(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A setup that lays n forks."""
    return lambda shared: tuple(threading.Lock() for _ in range(n))


def dining(n: int) -> tuple[Kernel, Kernel]:
    """Everybody takes his own fork first; in the twin the last one takes the lower number first, like all others."""
    pairs = [(i, (i + 1) % n) for i in range(n)]
    greedy = tuple(philosopher(*pair) for pair in pairs)
    ordered = tuple(philosopher(min(pair), max(pair)) for pair in pairs)
    # Only the first is interrupted between his two forks; from then on each one blocks where he hands over.
    return (
        Kernel(f"dining_{n}", greedy, forks(n), preemptions=1, kind="deadlock"),
        Kernel(f"dining_ordered_{n}", ordered, forks(n), racy=False),
    )


KERNELS = (*dining(2), *dining(3), *dining(5))
