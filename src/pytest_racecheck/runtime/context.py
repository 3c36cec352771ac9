"""The one piece of global state: which run is going on, and which task the current thread is.

Hooks in rewritten code and patched methods find their run here and nowhere else. A thread that belongs to no task sees
`current.task` as None, and hooks leave it alone: foreign threads get the originals.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_racecheck.model.operation import Site


#: The name of the task that a program begins as.
MAIN = "main"


class RunningTask(Protocol):
    """What hooks ask of the task they stand in."""

    name: str

    def access(self, obj: object, site: Site, /) -> None:
        """Stand before an instruction that touches `obj`."""

    def call(self, callee: object, site: Site, /) -> None:
        """Stand before a call of `callee`."""


class _Current(threading.local):
    """What the calling thread is: a task of a run or none, and what is to happen when it starts its first task."""

    task: RunningTask | None = None
    entrance: Callable[[], None] | None = None
    hosts_campaign: bool = False


current = _Current()


class TaskHooks:
    """Hooks that hand every operation to the task of the current thread, and do nothing outside a task."""

    def access(self, obj: object, site: Site, /) -> None:
        """Before an instruction that touches `obj`."""
        task = current.task
        if task is not None:
            task.access(obj, site)

    def place(self, site: Site, /) -> Site:
        """Tasks are handed the site itself."""
        return site

    def call(self, callee: object, site: Site, /, *arguments: object) -> None:  # noqa: ARG002
        """Before a call of `callee`."""
        task = current.task
        if task is not None:
            task.call(callee, site)


class Unobserved:
    """Suspends the current task: what happens inside the block is nobody's operation."""

    def __enter__(self) -> None:
        """Forget the task."""
        self._task = current.task
        if self._task is not None:
            current.task = None

    def __exit__(self, *exc: object) -> None:
        """Become the task again."""
        if self._task is not None:
            current.task = self._task


class _Nobody:
    """Where no run goes on: no greenlet is that of its current task."""

    greenlet = None


class Idle:
    """Stands for a scheduler between runs, so that primitives need not ask whether there is one."""

    current = _Nobody
    aborting = False


class Control:
    """Which scheduler controls the tasks of this process; `IDLE` while none does."""

    def __init__(self) -> None:
        self.scheduler: Any = IDLE
        # That of the task which is suspended just now, because the library does something by the way.
        self.suspended: Any = None
        # What must have no thread when the process forks, and whether it is asked then.
        self.watchdog: Any = None
        self.watches_forks = False
        # Calls that no signal reaches are named there, with the test; by faulthandler's timer, unless somebody else has set it.
        self.stderr = 2
        self.test = ""
        self.timer_is_free = True
        self.timer: frozenset[int] = frozenset()
        # What ends before the process forks, and whether it is asked then.
        self.before_fork: list[Callable[[], None]] = []
        self.ends_before_forks = False
        # Who held locks when earlier campaigns began.
        self.known_holders: Any = None


IDLE = Idle()
control = Control()
# Threads of runs that are over, which could not be ended: they wait for each other, and for nobody else.
abandoned: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
