"""Virtual time for `datetime`: `now`, `utcnow` and `today` agree with `time.time`.

They read the system's clock in C and ask no function that could be exchanged. If they went on to show real time, a program that sleeps
until a `datetime` would never get there: its sleeps pass in virtual time, and it looks again and again while no real time passes.

The usual way, a subclass of `datetime` in its place in all modules, changes what a program is: `type(x) is datetime`, subclasses
made before, pickles, and whoever holds the class elsewhere than in a module. So the class stays, and for the length of a campaign its methods
are others. A class of C refuses to have attributes set, but the dictionary behind them is an ordinary one, which the garbage
collector hands out; afterwards the interpreter has to be told to forget what it remembers of the class.

Not covered is a method that was looked up before the campaign: `default_factory=datetime.now` holds the original.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import sys
import warnings
from types import TracebackType
from typing import Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.clock import time_
from pytest_racecheck.runtime.threads.resources import namespace_of

_CLASS, _DATE = dt.datetime, dt.date
# Bound to a class by hand, since a program's subclass may have its own `fromtimestamp`.
_moment: Any = _CLASS.__dict__["fromtimestamp"]
_day: Any = _DATE.__dict__["fromtimestamp"]
_now: Any = _CLASS.__dict__["now"]
_utcnow: Any = _CLASS.__dict__["utcnow"]
_today: Any = _DATE.__dict__["today"]


def _is_task() -> bool:
    return control.scheduler.current.greenlet is getcurrent()


def now(cls: Any, tz: dt.tzinfo | None = None) -> Any:
    """Return the current date and time, in local time or that of `tz`."""
    if not _is_task():
        return _now.__get__(None, cls)(tz)
    return _moment.__get__(None, cls)(time_(), tz)


def utcnow(cls: Any) -> Any:
    """Return the current date and time in UTC, without saying so."""
    if not _is_task():
        return _utcnow.__get__(None, cls)()
    if sys.version_info >= (3, 12):
        warnings.warn("datetime.datetime.utcnow() is deprecated", DeprecationWarning, stacklevel=2)
    return _moment.__get__(None, cls)(time_(), dt.UTC).replace(tzinfo=None)


def today(cls: Any) -> Any:
    """Return the current date; of a `datetime`, with the time."""
    if not _is_task():
        return _today.__get__(None, cls)()
    return (_moment if issubclass(cls, _CLASS) else _day).__get__(None, cls)(time_())


class VirtualDates:
    """Inside the block tasks get virtual time from `datetime` and `date`."""

    def __enter__(self) -> VirtualDates:
        """Exchange the methods."""
        self._before = [
            (owner, name, _exchange(owner, name, classmethod(method)))
            for owner, name, method in _METHODS
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        """Put back what was there."""
        for owner, name, method in self._before:
            _exchange(owner, name, method)


def _exchange(owner: type, name: str, method: Any) -> Any:
    """Give a class of C another method; return the one it had."""
    namespace = namespace_of(owner)
    before = namespace[name]
    namespace[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))
    return before


_METHODS: tuple[tuple[type, str, Any], ...] = (
    (_CLASS, "now", now),
    (_CLASS, "utcnow", utcnow),
    (_DATE, "today", today),
)
