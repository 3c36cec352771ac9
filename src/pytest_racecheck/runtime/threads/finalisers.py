"""Finalisers of a run that is over.

What a finaliser raises nobody can catch; the interpreter prints it. A task that is being unwound gets an exception wherever it would
wait, and if that is in a finaliser, it is not the program's doing and nobody is to hear of it. Nor is what a finaliser raises then because the
object never got all it was to have: its `__init__` was cut short.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads.task import Aborted


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Inside the block nothing is said of finalisers that were ended with their run."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs, /) -> None:
        scheduler, error = control.scheduler, unraisable.exc_value
        is_over = scheduler is IDLE or scheduler.aborting
        # Ctrl-C is nobody's own, and whoever waits for it is to hear of it wherever it comes.
        if isinstance(error, KeyboardInterrupt) or not (is_over or isinstance(error, Aborted)):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = before
