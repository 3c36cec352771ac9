"""Calls that no signal reaches are named while they go on.

A regular expression that backtracks for ever, a loop in C: the interpreter is held, no handler of a signal is called, and no thread of Python's
gets its turn. Such a process cannot be saved from inside. faulthandler has a timer of its own, in C, which tells where all threads stand; so somebody who
looks at the screen, or at the log of a build that was ended, knows what to mend.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.forks import await_end, call_before_fork, forget, tasks


def name_in(seconds: float) -> None:
    """Unless told otherwise by then, name what goes on after so many seconds."""
    if control.timer_is_free:
        with contextlib.suppress(OSError, ValueError):
            before = tasks()
            faulthandler.dump_traceback_later(seconds, file=control.stderr)
            control.timer = tasks() - before
            call_before_fork(cancel)


def cancel() -> None:
    """All is well."""
    if cancel in control.before_fork:
        forget(cancel)
        faulthandler.cancel_dump_traceback_later()
        await_end(control.timer)


def name_now(test: str, file: int) -> None:
    """Write to `file` where all threads stand, and in which test."""
    with contextlib.suppress(OSError, ValueError):
        name = f"{test}: " if test else ""
        os.write(file, f"\nracecheck: {name}stuck in a call that cannot be interrupted:\n".encode())
        faulthandler.dump_traceback(file)


def watching(test: str, method: Any) -> Callable[[], None]:
    """`method`, for a thread to run, under a name that tells the test: of a thread faulthandler says no more than what its functions are called."""
    code = method.__func__.__code__.replace(co_name=f"racecheck, watching {test}")
    return MethodType(FunctionType(code, method.__func__.__globals__), method.__self__)
