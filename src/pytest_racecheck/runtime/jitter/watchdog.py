"""A deadline for the thread that runs the program itself.

Threads of the program can be waited for; the main thread cannot be, it is the one that waits. A thread that watches it
would be in the way: a process must not fork while a thread of ours exists. So the kernel watches: an interval timer whose
signal handler raises in the main thread, wherever it stands. Somebody else's timer (pytest-timeout's) is put back with the
time it has left, and is left alone when it would go off first. Off the main thread, and where there are no interval timers,
there is no deadline.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


class RunOverdue(BaseException):
    """The program did not end in time. Not an Exception, so that the program does not catch it by accident."""


class Watchdog:
    """Raises RunOverdue in the main thread some time after it was armed, unless the block has ended by then.

    Before that it shows `seen` the frame that is stuck. Armed off the main thread it does nothing.
    """

    def __init__(self, seen: Callable[[FrameType | None], None]) -> None:
        self._seen = seen
        self._handler: Any = None
        self._pending = 0.0
        self._began = 0.0
        self._armed = False
        self._seconds = 0.0

    def __enter__(self) -> Watchdog:
        """Nothing is watched yet."""
        return self

    def arm(self, seconds: float) -> None:
        """From now on the program has `seconds` left."""
        if not hasattr(signal, "setitimer"):
            return
        if threading.current_thread() is not threading.main_thread():
            return
        self._pending = signal.getitimer(signal.ITIMER_REAL)[0]
        if 0 < self._pending <= seconds:
            return
        self._handler = signal.signal(signal.SIGALRM, self._overdue)
        self._began = time.monotonic()
        self._armed = True
        self._seconds = seconds
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def __exit__(self, *exc: object) -> None:
        """Put back what was there before."""
        if not self._armed:
            return
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
        if self._pending:
            left = self._pending - (time.monotonic() - self._began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))

    def _overdue(self, _number: int, frame: FrameType | None) -> None:
        self._seen(frame)
        raise RunOverdue(f"the program did not end within {self._seconds:g} s")


@contextlib.contextmanager
def deadline(seconds: float, seen: Callable[[FrameType | None], None]) -> Iterator[None]:
    """Give the block `seconds`, see `Watchdog`."""
    with Watchdog(seen) as watchdog:
        watchdog.arm(seconds)
        yield
