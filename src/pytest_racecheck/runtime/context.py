"""The one piece of global state: which run is going on, and which task the current thread is.

Hooks in rewritten code and patched methods find their run here and nowhere else. A thread that belongs to no task sees
`current.task` as None, and hooks leave it alone: foreign threads get the originals.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_racecheck.model.operation import Site


class RunningTask(Protocol):
    """What hooks ask of the task they stand in. `hosts_campaign` is set when its own code starts a campaign."""

    name: str
    hosts_campaign: bool

    def access(self, obj: object, site: Site, /) -> None:
        """Stand before an instruction that touches `obj`."""

    def call(self, callee: object, site: Site, /) -> None:
        """Stand before a call of `callee`."""


class _Current(threading.local):
    task: RunningTask | None = None


current = _Current()


class TaskHooks:
    """Hooks that hand every operation to the task of the current thread, and do nothing outside a task."""

    def access(self, obj: object, site: Site, /) -> None:
        """Before an instruction that touches `obj`."""
        task = current.task
        if task is not None:
            task.access(obj, site)

    def call(self, callee: object, site: Site, /) -> None:
        """Before a call of `callee`."""
        task = current.task
        if task is not None:
            task.call(callee, site)
