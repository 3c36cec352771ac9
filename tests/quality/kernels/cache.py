"""Check then act: what should be made once is made twice, in a dictionary and in an attribute."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Workshop:
    """A cache, and everything that was ever made for it."""

    def __init__(self) -> None:
        self.cache: dict[str, object] = {}
        self.made: list[object] = []

    def make(self) -> object:
        """Something new."""
        thing = object()
        self.made.append(thing)
        return thing


def look_up(shop: Workshop) -> None:
    """Make what is not there yet."""
    if "key" not in shop.cache:
        shop.cache["key"] = shop.make()


def look_up_locked(shop: Workshop, lock: Any) -> None:
    """The same, one at a time."""
    with lock:
        look_up(shop)


class Lazy:
    """A singleton's home."""

    def __init__(self) -> None:
        self.instance: object | None = None
        self.made = 0


def get(home: Lazy, lock: Any) -> None:
    """Make the instance under the lock, but look for it outside only."""
    if home.instance is None:
        with lock:
            home.made += 1
            home.instance = object()


def get_checked_twice(home: Lazy, lock: Any) -> None:
    """Look again under the lock."""
    if home.instance is None:
        with lock:
            if home.instance is None:
                home.made += 1
                home.instance = object()


def setup_lazy(shared: Any) -> tuple[Lazy, Any]:
    """The home and its lock."""
    return Lazy(), threading.Lock()


def made_once(home: Lazy, lock: Any) -> bool:
    """One instance was made."""
    return home.made == 1


KERNELS = (
    Kernel(
        "cache", (look_up, look_up), lambda shared: Workshop(), lambda shop: len(shop.made) == 1,
        preemptions=1, kind="check then act",
    ),
    Kernel(
        "cache_locked", (look_up_locked, look_up_locked),
        lambda shared: (Workshop(), threading.Lock()),
        lambda shop, lock: len(shop.made) == 1, racy=False,
    ),
    Kernel(
        "singleton", (get, get), setup_lazy, made_once,
        preemptions=1, kind="check then act", resource="Lazy.instance",
    ),
    Kernel(
        "singleton_checked_twice", (get_checked_twice, get_checked_twice), setup_lazy, made_once,
        racy=False,
    ),
)  # fmt: skip
