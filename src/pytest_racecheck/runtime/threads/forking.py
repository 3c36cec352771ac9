"""A program that forks while it is under control: the child is not.

Of all threads only the one that forks lives on in the child, which is why everybody there gets the originals: there is nobody to
take turns with. That has to be so before the standard library puts its own books in order, which is the first thing that
happens in a child; so `os.fork` itself is where it is done.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement

_fork: Any = getattr(os, "fork", None)


def fork() -> int:
    """`os.fork`."""
    scheduler = control.scheduler
    control.scheduler = IDLE
    child: int = -1
    try:
        child = _fork()
    finally:
        if child:
            control.scheduler = scheduler
    if child and calling_task() is not None:
        scheduler.uncontrolled.add("a process that was forked by os.fork")
    if not child and scheduler is not IDLE and scheduler.processes is not None:
        scheduler.processes.leave()
    return child


REPLACEMENTS: tuple[Replacement, ...] = ((_fork, fork),) if _fork is not None else ()
