"""A timer of our own that sends a signal: `signal.setitimer` has one for the whole process, and that belongs to whoever limits tests in time.

POSIX has as many as one likes, but Python does not offer them, so the C library is asked. A forked child does not inherit them.
"""

from __future__ import annotations

import ctypes
import sys

_MONOTONIC = 1
_BY_SIGNAL = 0
_BILLION = 1_000_000_000


class _Event(ctypes.Structure):
    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("padding", ctypes.c_char * 48),
    )


class _Times(ctypes.Structure):
    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class Alarm:
    """Sends this process the signal `number`, once, so many seconds after it was set; LookupError where the system has no such timers."""

    def __init__(self, number: int) -> None:
        if not sys.platform.startswith("linux"):
            raise LookupError("POSIX timers are only known on Linux")
        self._library = ctypes.CDLL(None, use_errno=True)
        self._timer = ctypes.c_void_p()
        event = _Event(signal=number, notify=_BY_SIGNAL)
        if not hasattr(self._library, "timer_create") or self._library.timer_create(
            _MONOTONIC, ctypes.byref(event), ctypes.byref(self._timer)
        ):
            raise LookupError("the C library gives no timer")

    def set(self, seconds: float) -> None:
        """Ring in so many seconds, and not at any time that was set before; 0: not at all."""
        whole, rest = divmod(round(seconds * _BILLION), _BILLION)
        times = _Times(0, 0, whole, rest)
        self._library.timer_settime(self._timer, 0, ctypes.byref(times), None)

    def close(self) -> None:
        """Ring no more."""
        self._library.timer_delete(self._timer)
