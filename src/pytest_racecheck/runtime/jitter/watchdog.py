"""A deadline for the thread that runs the program itself.

Threads of the program can be waited for; the main thread cannot be, it is the one that waits. A thread that watches it
all the time would be in the way: a process must not fork while a thread of ours exists. So the kernel watches: an interval timer whose
signal handler raises in the main thread, wherever it stands. Somebody else's timer (pytest-timeout's) is put back with the
time it has left, and is left alone when it would go off first. Off the main thread, and where there are no interval timers,
there is no deadline.

Who waits for long need not hang, so a deadline that accuses nobody falsely is a late one. A process that has come to rest is given up
earlier (`rest.py`), where that is asked for. No signal is sent before that: some calls end with any.

What is raised can be caught, and what unwinds can block again: an executor waits for its threads when it is left. So the watch goes on
until the block has ended.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from pytest_racecheck.runtime import unreached
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.jitter.rest import Rest

# What happens when the time is up: it is shown the frame that is stuck, and words what is raised there.
Notice = Callable[[FrameType | None], str]
# So often a main thread that is at rest is interrupted in vain before that is told.
_PATIENCE = 2
# So long may what unwinds take before it is stuck, too.
_AGAIN = 5.0
_SHORTEST = 0.001


class RunOverdue(BaseException):
    """The program did not end in time. Not an Exception, so that the program does not catch it by accident."""

    # Users see it, when a test's own run is the one that does not end.
    __module__ = "pytest_racecheck"


class Watchdog:
    """Raises RunOverdue in the main thread some time after it was armed, unless the block has ended by then.

    Armed off the main thread it does nothing. `seconds` is after how long it did.
    """

    def __init__(self, notice: Notice) -> None:
        self.seconds = 0.0
        self._notice = notice
        self._said: str | None = None
        self._rest: Rest | None = None
        self._handler: Any = None
        self._pending = 0.0
        self._began = 0.0
        self._rang = 0
        self._named = False
        self._armed = False
        self._limit = self._at_rest = 0.0

    def __enter__(self) -> Watchdog:
        """Nothing is watched yet."""
        return self

    def arm(self, seconds: float, at_rest: float | None = None) -> None:
        """From now on the program has `seconds` left, or `at_rest` where nothing moves any more."""
        if not hasattr(signal, "setitimer"):
            return
        if threading.current_thread() is not threading.main_thread():
            return
        self._pending = signal.getitimer(signal.ITIMER_REAL)[0]
        if 0 < self._pending <= (seconds if at_rest is None else min(at_rest, seconds)):
            return
        self._handler = signal.signal(signal.SIGALRM, self._rings)
        self._began = time.monotonic()
        self._armed = True
        self._limit = seconds
        if at_rest is not None:
            self._at_rest = at_rest
            self._rest = Rest(at_rest, self._is_at_rest, self._look_later)
            self._rest.begin()
        self._ring_in(seconds, self._began)

    def disarm(self) -> None:
        """Put back what was there before."""
        if not self._armed:
            return
        self._armed = False
        if self._rest is not None:
            self._rest.end()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
        if self._pending:
            left = self._pending - (time.monotonic() - self._began)
            signal.setitimer(signal.ITIMER_REAL, max(left, _SHORTEST))

    def __exit__(self, *exc: object) -> None:
        """Put back what was there before."""
        self.disarm()

    def _is_at_rest(self) -> None:
        """On a thread of its own: get the main thread out, or say so where that was in vain."""
        if self._rang < _PATIENCE:
            self._rang += 1
            signal.setitimer(signal.ITIMER_REAL, _SHORTEST)
        elif not self._named:
            self._named = True
            unreached.name_now(control.test, control.stderr)

    def _rings(self, _number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if not self._armed:
            return
        now = time.monotonic()
        if self._pending and now - self._began >= self._pending:
            self.disarm()
            return
        if self._goes_on(now):
            return
        if self._said is None:
            self.seconds = now - self._began
            self._said = self._notice(frame)
        # What unwinds is watched as well.
        self._rang = 0
        self._ring_in(_AGAIN, now)
        raise RunOverdue(self._said)

    def _look_later(self) -> None:
        """The process is about to fork: some time after that somebody has to look again."""
        now = time.monotonic()
        self._ring_in(min(self._at_rest, self._began + self._limit - now), now)

    def _goes_on(self, now: float) -> bool:
        """Whether it is not the limit that rings, but that it is time to see whether somebody still looks for rest."""
        left = self._began + self._limit - now
        if self._rest is None or self._said is not None or self._rang or left <= _SHORTEST:
            return False
        if self._rest.is_gone:
            self._rest.begin()
        self._ring_in(left, now)
        return True

    def _ring_in(self, seconds: float, now: float) -> None:
        if self._pending:
            seconds = min(seconds, self._began + self._pending - now)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, _SHORTEST))


@contextlib.contextmanager
def deadline(seconds: float, notice: Notice) -> Iterator[None]:
    """Give the block `seconds`, see `Watchdog`."""
    with Watchdog(notice) as watchdog:
        watchdog.arm(seconds)
        yield
