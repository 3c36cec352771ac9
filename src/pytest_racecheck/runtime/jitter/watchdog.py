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

# What happens when the time is up: it is shown the frame that is stuck, and words what is raised there.
Notice = Callable[[FrameType | None], str]


class RunOverdue(BaseException):
    """The program did not end in time. Not an Exception, so that the program does not catch it by accident."""

    # Users see it, when a test's own run is the one that does not end.
    __module__ = "pytest_racecheck"


class Watchdog:
    """Raises RunOverdue in the main thread some time after it was armed, unless the block has ended by then.

    Armed off the main thread it does nothing.
    """

    def __init__(self, notice: Notice) -> None:
        self._notice = notice
        self._handler: Any = None
        self._pending = 0.0
        self._began = 0.0
        self._armed = False

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
        __tracebackhide__ = True
        raise RunOverdue(self._notice(frame))


@contextlib.contextmanager
def deadline(seconds: float, notice: Notice) -> Iterator[None]:
    """Give the block `seconds`, see `Watchdog`."""
    with Watchdog(notice) as watchdog:
        watchdog.arm(seconds)
        yield
