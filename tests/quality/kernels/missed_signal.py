"""Missed signal: the flag is looked at outside the lock, so the notification can come before anybody waits for it.

The twin is correct whichever of the two comes first, the waiter or the signal.
"""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Door:
    """Something that gets ready once."""

    def __init__(self) -> None:
        self.ready = False


def setup(shared: Any) -> tuple[Door, threading.Condition]:
    """The door and its condition."""
    return Door(), threading.Condition()


def wait(door: Door, opened: threading.Condition) -> None:
    """Look, and only then go and wait."""
    if not door.ready:
        with opened:
            opened.wait()


def signal(door: Door, opened: threading.Condition) -> None:
    """Get ready, and wake whoever waits by now."""
    door.ready = True
    with opened:
        opened.notify()


def wait_checked(door: Door, opened: threading.Condition) -> None:
    """Look again under the lock, each time."""
    with opened:
        while not door.ready:
            opened.wait()


def signal_locked(door: Door, opened: threading.Condition) -> None:
    """Get ready under the lock."""
    with opened:
        door.ready = True
        opened.notify()


def signalled(door: Door, opened: threading.Condition) -> bool:
    """The flag is up at the end."""
    return door.ready


KERNELS = (
    Kernel("missed_signal", (signal, wait), setup, preemptions=1, kind="lost wake-up"),
    Kernel("signal_checked", (signal_locked, wait_checked), setup, signalled, racy=False),
    Kernel("waiter_first", (wait_checked, signal_locked), setup, signalled, racy=False),
)
