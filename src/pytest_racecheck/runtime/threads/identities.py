"""Who is who: what a task is told about itself and its fellows.

To the operating system all tasks are one thread, and `threading` keeps its books by the numbers of those. So the questions are
answered here, from the tasks themselves, and those books stay as they are: nothing of a run is left in them.
"""

from __future__ import annotations

import _signal
import _thread
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.real_thread import RealThread
from pytest_racecheck.runtime.threads.handles import FIRST_NATIVE_ID, bind
from pytest_racecheck.runtime.threads.task import Task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement

_get_ident = _thread.get_ident
_get_native_id = _thread.get_native_id
_count: Any = _thread._count
_current_thread = threading.current_thread
_enumerate = threading.enumerate
# In the place of a thread: made without one, by `_thread.start_new_thread`.
RAW: Any = threading._DummyThread


def calling_task() -> Task | None:
    """The task that calls, also while its run is being ended; None for anybody else."""
    scheduler = control.scheduler
    task: Task = scheduler.current
    me = getcurrent()
    if task.greenlet is me:
        return task
    if scheduler.aborting:
        return next((task for task in scheduler.tasks if task.greenlet is me), None)
    return None


def get_ident() -> int:
    """`threading.get_ident`."""
    task = calling_task()
    return _get_ident() if task is None else task.ident


def get_native_id() -> int:
    """`threading.get_native_id`."""
    task = calling_task()
    return _get_native_id() if task is None or not task.index else FIRST_NATIVE_ID + task.index


def current_thread() -> threading.Thread:
    """`threading.current_thread`: a task that no Thread object stands for gets one when it asks."""
    task = calling_task()
    if task is None:
        return _current_thread()
    if task.thread is None or task.thread is RAW:
        task.thread = _stand_in(task) if task.index else _current_thread()
    found: threading.Thread = task.thread
    return found


def _stand_in(task: Task) -> threading.Thread:
    thread: Any = object.__new__(RAW if task.thread is RAW else RealThread)
    RealThread.__init__(thread, name=task.name, daemon=task.daemon)
    bind(thread, task)
    return cast("threading.Thread", thread)


def enumerate_threads() -> list[threading.Thread]:
    """`threading.enumerate`."""
    threads = _enumerate()
    if calling_task() is not None:
        threads += [
            task.thread
            for task in control.scheduler.tasks[1:]
            if isinstance(task.thread, threading.Thread) and not task.ended
        ]
    return threads


def others_alive() -> bool:
    """Whether the operating system runs threads of the program that are no tasks."""
    return len(_enumerate()) > 1


def active_count() -> int:
    """`threading.active_count`."""
    return len(enumerate_threads())


def _count_running() -> int:
    """`_thread._count`: how many threads there are besides the main one."""
    if calling_task() is None:
        return int(_count())
    # The operating system's count has our own watchdog in it.
    tasks = control.scheduler.tasks[1:]
    return len(_enumerate()) - 1 + sum(not task.ended for task in tasks)


def _only_in_main(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        task = calling_task()
        if task is not None and task.index:
            raise ValueError(
                f"{original.__name__} only works in main thread of the main interpreter"
            )
        return original(*arguments, **named)

    return call


class MadeUpNames:
    """The numbers in the names that Python makes up for threads: inside the block every run counts from one, as in a new process.

    The counters stay the same objects, and a run sets them back: to give a class another attribute before each of thousands of short runs makes the
    interpreter forget what it knows of that class.
    """

    def __init__(self) -> None:
        self._threads = self._pools = 0

    def __enter__(self) -> MadeUpNames:
        """Remember how far they have got."""
        owners: tuple[Any, ...] = (threading, ThreadPoolExecutor)
        self._before = [(owner, vars(owner)["_counter"]) for owner in owners]
        threading._counter = self._next_thread  # type: ignore[attr-defined]
        ThreadPoolExecutor._counter = self._next_pool  # type: ignore[attr-defined]
        return self

    def __exit__(self, *_: object) -> None:
        """Go on from there."""
        for owner, counter in self._before:
            owner._counter = counter

    def begin(self) -> None:
        """A run begins."""
        self._threads = self._pools = 0

    def _next_thread(self) -> int:
        self._threads += 1
        return self._threads

    def _next_pool(self) -> int:
        self._pools += 1
        return self._pools - 1


REPLACEMENTS: tuple[Replacement, ...] = (
    (_thread.get_ident, get_ident),
    (_thread.get_native_id, get_native_id),
    (_count, _count_running),
    (threading.current_thread, current_thread),
    (threading.enumerate, enumerate_threads),
    (threading.active_count, active_count),
    (_signal.signal, _only_in_main(_signal.signal)),
    (_signal.set_wakeup_fd, _only_in_main(_signal.set_wakeup_fd)),
)
