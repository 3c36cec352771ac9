"""`os.kill` of a process of the program: an operation of whoever sends the signal.

What the signal does to that process it does before anything else happens: it stands still meanwhile, so it is gone, or has been interrupted in
front of the operation that it stands before. One that is sent a signal may end as it wants to, as after `Process.terminate`.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.acting import acting_place
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.threads.identities import calling_task

_kill = os.kill


@functools.wraps(_kill)
def kill(pid: int, signal: int, /) -> None:
    """`os.kill`."""
    processes = control.scheduler.processes if calling_task() is not None else None
    if processes is None or pid == os.getpid() or not signal:
        _kill(pid, signal)
        return
    ticket = _told(processes, "ticket of", pid)
    if ticket is None:
        _kill(pid, signal)
        return
    processes.perform(Request("touch", ("process", ticket), True, acting_place(2)))
    _told(processes, "note", ticket, "ended")
    _kill(pid, signal)
    _told(processes, "signalled", ticket)


def _told(processes: Any, what: str, *rest: Any) -> Any:
    return processes.perform(Request(what, (), False, None, None, rest))


REPLACEMENTS = ((_kill, kill),)
