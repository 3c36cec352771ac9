"""What a run may leave behind in the system, and how it is done away with.

A run that is cut short leaves processes in the middle of what they did; nobody is kind to those. What multiprocessing noted to do at the end of the
interpreter about pools and the like of the run is forgotten: they are gone. Children are reaped, or they would stay as zombies.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.hub import Hub

# While a campaign is on, that of `os` is a controlled one.
_kill = os.kill


class Leftovers:
    """What there was of multiprocessing's own books when a run began."""

    def __init__(self) -> None:
        self._finalizers: set[Any] = set()
        self._children: set[Any] = set()

    def note(self) -> None:
        """A run begins."""
        self._finalizers = set(_finalizers())
        self._children = set(_children())

    def clear(self, hub: Hub) -> None:
        """The run is over, and the members of `hub` were killed: take them off the books."""
        for key in [key for key in _finalizers() if key not in self._finalizers]:
            if _is_about_processes(_finalizers()[key]):
                _finalizers()[key].cancel()
        for process in [one for one in _children() if one not in self._children]:
            _reap(process)
        for member in hub.members:
            if member.process is not None:
                _reap(member.process)


def kill(pid: int) -> None:
    """End a process that nobody knows but by its number."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        _kill(pid, signal.SIGKILL)


def _reap(process: Any) -> None:
    popen = getattr(process, "_popen", None)
    if popen is None:
        return
    if popen.returncode is None:
        kill(popen.pid)
        with contextlib.suppress(Exception):
            popen.wait(1.0)
    _children().discard(process)


def _finalizers() -> dict[Any, Any]:
    util = sys.modules.get("multiprocessing.util")
    return {} if util is None else util._finalizer_registry


def _is_about_processes(finalizer: Any) -> bool:
    return getattr(finalizer._callback, "__name__", "") in ("_terminate_pool", "_finalize_manager")


def _children() -> set[Any]:
    process = sys.modules.get("multiprocessing.process")
    return set() if process is None else process._children
