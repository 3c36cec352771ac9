"""Threads of the program as tasks.

`Thread.start` and its like are replaced on the class, so subclasses and Thread objects made earlier are covered. The standard library
starts a thread, waits on an Event until it is there, enters it into its books and takes it out again, each time under locks. Here
none of that is needed, and none of it would be the program's own doing: to start a thread is to make a task.

The end of a thread is an operation of its own, since others can see it: `is_alive`, `enumerate`, a `join` that has a time-out.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.model.wording import label_of
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.jitter.threads import title_of
from pytest_racecheck.runtime.real_thread import RealThread
from pytest_racecheck.runtime.threads.beginning import stand_before_call
from pytest_racecheck.runtime.threads.handles import Handle, bind, handle_of
from pytest_racecheck.runtime.threads.identities import RAW, calling_task, current_thread
from pytest_racecheck.runtime.threads.locks import Lock
from pytest_racecheck.runtime.threads.making import make
from pytest_racecheck.runtime.threads.stuck import position_of
from pytest_racecheck.runtime.threads.task import Aborted, Task, Wait
from pytest_racecheck.runtime.threads.tracing import trace_as_hooked

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute, Replacement

_Thread: type[threading.Thread] = RealThread
_start = _Thread.start
_run = _Thread.run
_join = _Thread.join
_is_alive = _Thread.is_alive
_start_new_thread = _thread.start_new_thread
# Names that may not be anybody's choice start so.
_MADE_UP = ("Thread-", "ThreadPoolExecutor-")
_HAS_CONTEXT = sys.version_info >= (3, 14)


def start(self: Any) -> None:
    """`Thread.start`."""
    scheduler = control.scheduler
    if scheduler.current.greenlet is not getcurrent():
        _refuse_if_over(scheduler)
        _start(self)
        return
    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    label = label_of(self._target, type(self).__name__)
    task = scheduler.add(
        label,
        partial(_live, self, scheduler),
        daemon=self._daemonic,
        name=_title(self) or _numbered(scheduler.current, label),
    )
    task.packaged = self._daemonic and _starts_in_package(scheduler, sys._getframe(1))
    bind(self, task)
    scheduler.entering(self._target if self._target is not None else type(self).run)
    if _HAS_CONTEXT and self._context is None:
        inherited = sys.flags.thread_inherit_context  # type: ignore[attr-defined]
        self._context = copy_context() if inherited else Context()
    scheduler.release(task)


def _starts_in_package(scheduler: Any, frame: FrameType | None) -> bool:
    position = position_of(scheduler, frame)
    return position is not None and not scheduler.is_project(position.file)


def _title(thread: Any) -> str | None:
    """The name that the program has chosen; none that Python has made up."""
    made_up = thread._name.startswith(_MADE_UP)
    return title_of(thread) if made_up else str(thread._name)


def _numbered(parent: Task, label: str) -> str:
    """What the next such thread of `parent` is called; of what threads start, the parent is part of the name."""
    number = parent.children.get(label, 0) + 1
    return f"{parent.name}/{label}-{number}" if parent.index else f"{label}-{number}"


def _live(thread: Any, scheduler: Any) -> None:
    task = scheduler.current
    trace_as_hooked(scheduler, task)
    try:
        if type(thread).run is _run and thread._target is not None:
            stand_before_call(scheduler, thread._target, thread._args)
        if _HAS_CONTEXT:
            thread._context.run(thread.run)
        else:
            thread.run()
    except Aborted:
        raise
    except BaseException as error:
        if scheduler.aborting:
            return
        _uncaught(thread, scheduler, task, error)
    _stand_before_end(scheduler, task)
    # From now on it lives as long as the program holds it.
    task.thread = None


def _uncaught(thread: Any, scheduler: Any, task: Task, error: BaseException) -> None:
    """What a hook of the user's own handles is no failure."""
    if isinstance(error, (Exception, SystemExit)) and is_users(threading.excepthook):
        thread._invoke_excepthook(thread)
    else:
        scheduler.failed(task, error)


def is_users(hook: Callable[..., Any]) -> bool:
    """Whether that `threading.excepthook` is neither Python's nor pytest's."""
    function = getattr(hook, "func", hook)
    module = str(getattr(function, "__module__", ""))
    return hook is not threading.__excepthook__ and not module.startswith("_pytest.")


def _stand_before_end(scheduler: Any, task: Task) -> None:
    handle = handle_of(task.thread)
    if handle is None:
        return
    if not scheduler.alone:
        task.resource = handle.resource
        task.writes = True
        task.point = scheduler.end_point
        scheduler.stand(task)
    handle.resource.happened(task, True)


def join(self: Any, timeout: float | None = None) -> None:
    """`Thread.join`."""
    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")
    if self is current_thread():
        raise RuntimeError("cannot join current thread")
    handle = handle_of(self)
    if handle is None:
        _join_outside(self, timeout)
    else:
        await_end(handle, timeout)


def await_end(handle: Handle, timeout: float | None) -> None:
    """Wait until the task of `handle` has ended, for virtual seconds at most; a negative time is none."""
    scheduler = control.scheduler
    task = scheduler.current
    if task.greenlet is not getcurrent():
        _refuse_if_over(scheduler)
        return
    child = handle.task
    if not child.ended:
        task.resource = handle.resource
        task.writes = False
        task.point = scheduler.join_point
        if timeout is not None and timeout <= 0:
            scheduler.strategy.yielded(task)
            scheduler.stand(task)
        else:
            _block(scheduler, task, child, timeout)
    handle.resource.happened(task, False)
    if child.ended:
        task.event = hash((task.event, child.event))


def _block(scheduler: Any, task: Task, child: Task, timeout: float | None) -> None:
    deadline = None if timeout is None else scheduler.now + timeout
    ended = partial(scheduler.enable, task)
    child.on_end.append(ended)
    scheduler.block(task, Wait("join", child.thread, child), deadline)
    if not child.ended:
        child.on_end.remove(ended)
        scheduler.now = max(scheduler.now, deadline)


def _join_outside(thread: Any, timeout: float | None) -> None:
    """Join a thread of the operating system."""
    scheduler = control.scheduler
    if scheduler.current.greenlet is not getcurrent():
        _refuse_if_over(scheduler)
        _join(thread, timeout)
        return
    task, stranger = scheduler.current, Stranger(thread, scheduler.current)
    task.resource = scheduler.resources.fresh(thread)
    task.writes = False
    task.point = scheduler.join_point
    deadline = None if timeout is None else scheduler.now + max(timeout, 0)
    if _is_alive(thread):
        wait = Wait("join", stranger, scheduler.stranger)
        scheduler.block(task, wait, deadline)
    if deadline is not None and _is_alive(thread):
        scheduler.now = max(scheduler.now, deadline)


class Stranger:
    """A thread of the operating system that `task` waits for."""

    def __init__(self, thread: Any, task: Task) -> None:
        self.thread = thread
        self.task = task

    def freed(self, scheduler: Any) -> bool:
        """Whether it has ended; then the task can go on."""
        if _is_alive(self.thread):
            return False
        scheduler.enable(self.task)
        return True


def is_alive(self: Any) -> bool:
    """`Thread.is_alive`."""
    handle = handle_of(self)
    if handle is None:
        return _is_alive(self)
    scheduler = control.scheduler
    task, child = scheduler.current, handle.task
    if task.greenlet is getcurrent() and task is not child:
        if not child.ended:
            task.resource = handle.resource
            task.writes = False
            task.point = scheduler.own_point("is_alive")
            scheduler.stand(task)
            if not child.ended:
                scheduler.strategy.yielded(task)
        handle.resource.happened(task, False)
    if child.ended and sys.version_info < (3, 13):
        self._is_stopped = True
    return not child.ended


def _refuse_if_over(scheduler: Any) -> None:
    if scheduler.aborting and scheduler.is_task():
        scheduler.refuse()


def start_new_thread(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None, /
) -> int:
    """`_thread.start_new_thread`: a task without Thread object."""
    scheduler = control.scheduler
    if scheduler.current.greenlet is not getcurrent():
        _refuse_if_over(scheduler)
        return _start_new_thread(function, args, {} if kwargs is None else kwargs)
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    return _spawn(scheduler, partial(function, *args, **(kwargs or {})), daemon=True).ident


def _spawn(scheduler: Any, body: Callable[[], object], *, daemon: bool) -> Task:
    label = label_of(body, "thread")
    name = _numbered(scheduler.current, label)
    task: Task = scheduler.add(label, body, daemon=daemon, name=name)
    task.thread = RAW
    scheduler.entering(getattr(body, "func", body))
    scheduler.release(task)
    return task


def _start_joinable_thread(
    function: Callable[[], object], handle: Any = None, daemon: bool = True
) -> Any:
    """`_thread.start_joinable_thread`, which `Thread.start` uses from 3.13 on."""
    scheduler = control.scheduler
    if scheduler.current.greenlet is not getcurrent():
        _refuse_if_over(scheduler)
        return _start_joinable(function, handle=handle, daemon=daemon)
    task = _spawn(scheduler, function, daemon=daemon)
    return Handle(task, scheduler.resources.fresh(task))


def _set_sentinel() -> Any:
    """`_thread._set_sentinel`: a lock that is released when the calling thread has ended; up to 3.12."""
    task = calling_task()
    if task is None or not task.index:
        return _real_set_sentinel()
    lock = Lock()
    task.on_end.append(lock.release_at_end)
    return lock


_start_joinable: Any = getattr(_thread, "start_joinable_thread", None)
_real_set_sentinel: Any = getattr(_thread, "_set_sentinel", None)

ATTRIBUTES: tuple[Attribute, ...] = (
    (_Thread, "__init__", make),
    (_Thread, "start", start),
    (_Thread, "join", join),
    (_Thread, "is_alive", is_alive),
)
REPLACEMENTS: tuple[Replacement, ...] = tuple(
    (getattr(_thread, name), controlled)
    for name, controlled in {
        "start_new_thread": start_new_thread,
        "start_new": start_new_thread,
        "start_joinable_thread": _start_joinable_thread,
        "_set_sentinel": _set_sentinel,
    }.items()
    if hasattr(_thread, name)
)
