"""What ties a Thread object to the task that it stands for.

CPython keeps in every Thread something that knows whether the thread has ended, and waits for that: from 3.13 on a handle, before that a lock
which the interpreter releases. The same place holds ours once a thread was started as a task, so that whatever asks the Thread object
later, by whatever method and from wherever, gets an answer.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.resources import Resource
    from pytest_racecheck.runtime.threads.task import Task

# Above what Linux gives to threads.
FIRST_NATIVE_ID = 1 << 22
_PLACES = {(3, 11): "_tstate_lock", (3, 12): "_tstate_lock", (3, 13): "_handle"}
PLACE = _PLACES.get(sys.version_info[:2], "_os_thread_handle")


class Handle:
    """Answers for `task` what Thread asks of its handle or its lock. `resource` is the thread's life: it ends once, others look at it."""

    __slots__ = ("resource", "task")

    def __init__(self, task: Task, resource: Resource) -> None:
        self.task = task
        self.resource = resource

    @property
    def ident(self) -> int:
        """What the thread is known by."""
        return self.task.ident

    def is_done(self) -> bool:
        """Whether the task has ended."""
        return self.task.ended

    def _set_done(self) -> None:
        """Only asked of the main thread's."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the task; a negative time is none at all."""
        from pytest_racecheck.runtime.threads.spawning import await_end

        if self.task.greenlet is getcurrent():
            raise RuntimeError("Cannot join current thread")
        await_end(self, timeout)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """The same, asked of a lock that is released when the thread ends."""
        if not blocking:
            timeout = 0
        self.join(None if timeout < 0 else timeout)
        return self.task.ended

    def release(self) -> None:
        """Nobody holds what stands for an end."""

    def locked(self) -> bool:
        """Whether the task goes on."""
        return not self.task.ended

    def _at_fork_reinit(self) -> None:
        """In a forked child no other thread lives."""


def bind(thread: Any, task: Task) -> Handle:
    """From now on `thread` stands for `task`, and has been started."""
    handle = Handle(task, control.scheduler.resources.fresh(weakref.ref(thread)))
    setattr(thread, PLACE, handle)
    thread._ident = task.ident
    thread._native_id = FIRST_NATIVE_ID + task.index
    thread._started._flag = True
    task.thread = thread
    return handle


def handle_of(thread: Any) -> Handle | None:
    """What ties `thread` to a task; None for the threads of the operating system."""
    found = thread.__dict__.get(PLACE)
    return found if type(found) is Handle else None
