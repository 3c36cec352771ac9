"""Processes that have said that they are over, while the system takes them down.

That takes as long as much of a short run does, and can go on while the next run begins. A process that the program itself has started is waited
for, since the program may look whether it is there; but of those that are made for targets it has nothing in its hands.
"""

from __future__ import annotations

import contextlib
import os
from multiprocessing import process as books
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.processes.handle import EXIT, Handle
from pytest_racecheck.runtime.processes.suspension import uncontrolled

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.member import Member


class Departures:
    """Those of one run; `reap` before the next one."""

    def __init__(self) -> None:
        self._handles: list[Handle] = []

    def let_go(self, process: Any, member: Member | None) -> None:
        """It is over: nobody waits for it any more. One that has not told its exit code is waited for here and now."""
        code, handle = (None, None) if member is None else (member.told_code, member.handle)
        if member is None or code is None or handle is None:
            with uncontrolled():
                process.join()
            return
        process._popen.returncode = code & 0xFF
        books._children.discard(process)  # type: ignore[attr-defined]
        self._handles.append(handle)
        member.handle = None

    def reap(self) -> None:
        """None of them is left."""
        while self._handles:
            handle = self._handles.pop()
            if not handle.is_gone(EXIT):
                handle.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(handle.pid, 0)
            handle.close()
