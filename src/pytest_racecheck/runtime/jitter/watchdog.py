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


class RunOverdue(BaseException):
    """The program did not end in time. Not an Exception, so that the program does not catch it by accident."""


@contextlib.contextmanager
def deadline(seconds: float, seen: Callable[[FrameType | None], None]) -> Iterator[None]:
    """Raise RunOverdue in the block once `seconds` have passed, after showing `seen` the frame that was stuck."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def overdue(_number: int, frame: FrameType | None) -> None:
        seen(frame)
        raise RunOverdue

    pending = signal.getitimer(signal.ITIMER_REAL)[0]
    if 0 < pending <= seconds:
        yield
        return
    handler = signal.signal(signal.SIGALRM, overdue)
    began = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if pending:
            left = pending - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))
