"""Getting stuck threads out.

A real thread cannot be killed, but most stuck ones can be talked into ending: an aborted task raises at its next point,
and a thread that waits for a plain lock goes on when somebody releases it, which anyone may. Conditions, events, queues and
semaphores of the standard library wait on such a lock too, in a local variable of `Condition.wait`. What cannot be helped
so (an RLock held by a thread that is stuck itself, a C call) stays behind as a daemon thread, and is named.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Iterable
from types import FrameType

from pytest_racecheck.runtime.jitter.task import JitterTask, RunAborted

_ROUNDS = 20
_PATIENCE = 0.02
_PAUSE = 0.001


def rescue(threads: Iterable[tuple[threading.Thread, JitterTask]]) -> list[threading.Thread]:
    """End the threads given with their tasks, as far as that is possible; returns those that are still alive."""
    stuck = list(threads)
    for _, task in stuck:
        task.abort()
    for _ in range(_ROUNDS):
        stuck = [(thread, task) for thread, task in stuck if lives(thread)]
        for thread, _ in stuck:
            _push(thread)
        end = time.monotonic() + len(stuck) * _PATIENCE
        while any(lives(thread) for thread, _ in stuck) and time.monotonic() < end:
            time.sleep(_PAUSE)
    if sys.version_info < (3, 12):
        _settle()
    return [thread for thread, _ in stuck if lives(thread)]


def lives(thread: threading.Thread) -> bool:
    """Whether the thread still runs.

    Up to 3.12 `is_alive` does not know after a `join` that an exception ended: it takes any thread that is waited for then to have
    ended. The list of threads, which a thread leaves last of all, does.
    """
    active: dict[int | None, threading.Thread] = threading._active  # type: ignore[attr-defined]
    return thread.is_alive() or active.get(thread.ident) is thread


def may_raise_in_others() -> bool:
    """Whether an exception may be set in another thread.

    On 3.11 a traced thread that enters a function spins until every other thread has taken its exception, and a thread that
    waits for a lock does not take it.
    """
    return sys.version_info >= (3, 12) or (sys.gettrace() is None and sys.getprofile() is None)


def _settle() -> None:
    """Have an exception set in this thread, and take it.

    3.11 notes that some thread has an exception to take until any thread takes one; a thread that is stuck for good never does,
    and from then on every traced call would spin.
    """
    own = ctypes.c_ulong(threading.get_ident())
    with contextlib.suppress(RunAborted):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(own, ctypes.py_object(RunAborted))
        for _ in range(1_000):
            pass


def _push(thread: threading.Thread) -> None:
    """Make the thread raise at its next bytecode, and release the lock it waits for."""
    if thread.ident is None:
        return
    if may_raise_in_others():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(RunAborted)
        )
    frame = sys._current_frames().get(thread.ident)
    for lock in _awaited(frame):
        try:
            lock.release()
        except RuntimeError:
            continue


def _awaited(frame: FrameType | None) -> list[_thread.LockType]:
    """Plain locks, held by somebody, that the frame may be waiting for."""
    if frame is None:
        return []
    values = list(frame.f_locals.values())
    values += [vars(value) for value in values if hasattr(value, "__dict__")]
    found = []
    for value in values:
        items = value.values() if isinstance(value, dict) else [value]
        found += [item for item in items if type(item) is _thread.LockType and item.locked()]
    names = frame.f_code.co_names
    found += [
        lock
        for lock in (frame.f_globals.get(name) for name in names)
        if type(lock) is _thread.LockType and lock.locked()
    ]
    return found
