"""Whether everything in this process waits, and for nothing that could come by itself.

A test that hangs and one that is slow look the same from inside: both wait. Using no processor is not enough to tell them apart,
since a test may well sleep, or wait for an answer. The kernel knows better: which call each thread stands in, and with which arguments. A
process is at rest when no thread computes, each one stands in a call that waits without a time limit, and what these calls wait for can only
come from this process itself, because both ends of each pipe and each connection are here; or from its children, if those are at
rest as well (`families.py`). Nothing will ever happen in such a process again.

What cannot be seen that clearly counts as moving: other calls, other kinds of files, other systems. Those get the longer limit.

Threads that are not Python's and were there before the test belong to whoever runs the tests, or to a library in C. They are left
out: xdist's own wait for the other process as long as there is one.
"""

from __future__ import annotations

import _thread
import os
import threading
import time
from collections.abc import Callable, Iterator

from pytest_racecheck.runtime.context import abandoned, control
from pytest_racecheck.runtime.forks import await_end, call_before_fork, forget, tasks
from pytest_racecheck.runtime.jitter import families
from pytest_racecheck.runtime.jitter.rescue import lives
from pytest_racecheck.runtime.jitter.waits import KNOWN, TASKS, wait_of
from pytest_racecheck.runtime.threads.elsewhere import Beforehand, leads_elsewhere
from pytest_racecheck.runtime.unreached import watching

# Who uses less than this share of the time does not compute.
_IDLE_SHARE = 0.02
# While a run is on, the module holds one that makes tasks.
_start_new_thread = _thread.start_new_thread
# How often it is looked.
_PAUSE = 1.0
_TOOLS = frozenset({"pytest_timeout", "_pytest", "xdist", "execnet", "coverage"})


class Rest:
    """From `seconds` on looks whether the process has come to rest, and calls `found` each time that it has.

    The looks are on a thread of their own, which is gone when the process forks. It does not come back by itself then: `gone` is called, and
    `begin` has it look again.
    """

    def __init__(
        self, seconds: float, found: Callable[[], None], gone: Callable[[], None] = lambda: None
    ) -> None:
        self._seconds = seconds
        self._found = found
        self._gone = gone
        self._others = tasks() - _pythons()
        self._before = Beforehand.now()
        self._stop, self._ended = _thread.allocate_lock(), _thread.allocate_lock()
        self._ends = False
        self.is_gone = False
        self._thread: frozenset[int] = frozenset()

    def begin(self) -> None:
        """Look from now on."""
        if not KNOWN:
            return
        # An earlier thread has left the ones it had taken.
        self._stop, self._ended = _thread.allocate_lock(), _thread.allocate_lock()
        self._stop.acquire()
        self._ended.acquire()
        self._ends, self.is_gone = True, False
        call_before_fork(self._end_for_fork)
        _start_new_thread(watching(control.test, self._live), ())

    def _end_for_fork(self) -> None:
        self.end()
        self.is_gone = True
        self._gone()

    def end(self) -> None:
        """Return when nobody looks any more."""
        forget(self._end_for_fork)
        if self._ends:
            self._ends = False
            self._stop.release()
            self._ended.acquire()
            await_end(self._thread)

    def _live(self) -> None:
        self._thread = frozenset({_thread.get_native_id()})
        others = self._others | self._thread
        began, computed = time.monotonic(), time.process_time()
        pause = self._seconds
        try:
            while not self._stop.acquire(timeout=pause):
                now, used = time.monotonic(), time.process_time()
                if used - computed < _IDLE_SHARE * (now - began) and at_rest(others, self._before):
                    self._found()
                began, computed, pause = now, used, _PAUSE
        finally:
            self._ended.release()


def at_rest(others: frozenset[int] | set[int], before: Beforehand) -> bool:
    """Whether all threads but `others` wait for each other, and for nothing else; `before` tells which children count for nothing."""
    left_out = {*others, *_tools(), *(one.native_id for one in abandoned if lives(one))}
    try:
        waits = [wait_of(tid) for tid in tasks() if tid not in left_out]
        if None in waits:
            return False
        fds = {fd for wait in waits for fd in wait or ()}
        if _has_children_since(before):
            return families.at_rest(before, fds)
        return _stay_inside(fds, before)
    except (OSError, ValueError):
        return False


def _pythons() -> frozenset[int | None]:
    return frozenset(thread.native_id for thread in _listed())


def _listed() -> list[threading.Thread]:
    """What `threading.enumerate` lists, without its lock: whoever is stuck may hold it."""
    return list(threading._active.values())  # type: ignore[attr-defined]


def _tools() -> Iterator[int | None]:
    """Timers of the tools around a test."""
    for thread in _listed():
        home = getattr(getattr(thread, "function", None), "__module__", None) or ""
        if isinstance(thread, threading.Timer) and home.partition(".")[0] in _TOOLS:
            yield thread.native_id


def _has_children_since(before: Beforehand) -> bool:
    told = os.path.exists(f"{TASKS}/{os.getpid()}/children")
    return not told or not before.now().children <= before.children


def _stay_inside(fds: set[int], before: Beforehand) -> bool:
    """Whether what comes through these descriptors can come from this process only."""
    if not fds:
        return True
    own = [_target(name) for name in os.listdir("/proc/self/fd")]
    for fd in fds:
        target = _target(str(fd))
        kind = target.partition(":")[0]
        if kind != "socket" and (kind != "pipe" or own.count(target) < 2):
            return False
    return not leads_elsewhere(fds, before)


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""
