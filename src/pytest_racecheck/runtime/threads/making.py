"""Thread objects made by tasks: the same attributes as `Thread.__init__` gives them, at a quarter of the cost.

Most of what it does is to make an Event by which the new thread tells that it is there, and a function that finds its way to
the excepthook even when the interpreter is being torn down. A task needs neither, and a run that makes two threads and is over in
some fifty microseconds can do without.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.real_thread import RealThread
from pytest_racecheck.runtime.threads.handles import PLACE
from pytest_racecheck.runtime.threads.identities import RAW, current_thread
from pytest_racecheck.runtime.threads.locks import RealLock

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.task import Task

_internals: Any = threading
_init = RealThread.__init__
_HAS_HANDLE = sys.version_info >= (3, 13)
_HAS_CONTEXT = sys.version_info >= (3, 14)
_WORDS = {"context"} if _HAS_CONTEXT else set()


class Started:
    """Stands for the Event that says whether a thread has been started.

    Somebody waits for it only if the operating system starts the thread after all, when the run is over.
    """

    __slots__ = ("_flag", "_gate")

    def __init__(self) -> None:
        self._flag = False
        self._gate: Any = None

    def is_set(self) -> bool:
        """Whether it has been."""
        return self._flag

    def set(self) -> None:
        """It has been. Either this sees who waits, or that one sees this."""
        self._flag = True
        if self._gate is not None:
            self._gate.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has been."""
        gate = RealLock()
        gate.acquire()
        self._gate = gate
        return self._flag or bool(gate.acquire(timeout=-1 if timeout is None else timeout))

    def _at_fork_reinit(self) -> None:
        """In a forked child nobody waits."""


def _invoke_excepthook(thread: Any) -> None:
    _internals._make_invoke_excepthook()(thread)


def make(
    self: Any, group: None = None, target: Callable[..., object] | None = None, name: str | None = None,
    args: Iterable[Any] = (), kwargs: Mapping[str, Any] | None = None, *, daemon: bool | None = None, **context: Any,
) -> None:  # fmt: skip
    """`Thread.__init__`."""
    task = control.scheduler.current
    if task.greenlet is not getcurrent() or not context.keys() <= _WORDS:
        _init(self, group, target, name, args, kwargs, daemon=daemon, **context)
        return
    assert group is None, "group argument must be None for now"
    self._target = target
    self._name = str(name) if name else _made_up(target)
    self._args = args
    self._kwargs = {} if kwargs is None else kwargs
    self._daemonic = _is_daemon(task) if daemon is None else daemon
    if _HAS_CONTEXT:
        self._context = context.get("context")
    self._ident = self._native_id = None
    if _HAS_HANDLE:
        setattr(self, PLACE, _internals._ThreadHandle())
    else:
        self._tstate_lock = None
        self._is_stopped = False
    self._started = Started()
    self._initialized = True
    self._stderr = sys.stderr
    self._invoke_excepthook = _invoke_excepthook


def _is_daemon(task: Task) -> bool:
    """What the threads of `task` inherit; nobody has to make a Thread object for it to tell that."""
    known = task.index and (task.thread is None or task.thread is RAW)
    return task.daemon if known else current_thread().daemon


def _made_up(target: object) -> str:
    name: str = _internals._newname("Thread-%d")
    known_as = None if target is None else getattr(target, "__name__", None)
    return name if known_as is None else f"{name} ({known_as})"
