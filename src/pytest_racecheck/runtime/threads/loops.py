"""Each task has its own running asyncio loop.

Which loop runs is written down by the interpreter per OS thread, in C, out of reach of any exchange, and all tasks share one OS thread. So
when control passes to another task the note is taken down and that of the other task put up. Only runs in which a loop was ever set pay
for that: the function that sets it switches it on. From 3.14 on the current asyncio task is noted in the same place, and goes with it.

asyncio is patched if it is there when a campaign begins; importing it takes longer than many a campaign.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.task import Task


class _Loops:
    """Whose loop runs on the thread, in one run."""

    def __init__(self, seated: Task, get: Any, set_: Any, swap: Any) -> None:
        self._seated = seated
        self._enter_before: Callable[[Task], None] = control.scheduler.enter
        self._get_loop = get
        self._set_loop = set_
        self._swap_task = swap

    def enter(self, task: Task) -> None:
        """Control has passed to `task`."""
        self._enter_before(task)
        seated, self._seated = self._seated, task
        loop = self._get_loop()
        if seated is task or (loop is None and task.loop is None):
            return
        if loop is not None:
            seated.loop = (loop, self._swap(loop, None))
        found, task.loop = task.loop, None
        if found is None:
            self._set_loop(None)
        else:
            self._set_loop(found[0])
            self._swap(*found)

    def _swap(self, loop: Any, task: Any) -> Any:
        return self._swap_task(loop, task) if self._swap_task is not None else None


def _setting(events: Any, tasks: Any) -> Callable[[Any], None]:
    original = events._set_running_loop
    # Before 3.14 the current task is known by its loop.
    swap = tasks._swap_current_task if sys.version_info >= (3, 14) else None

    def set_running_loop(loop: Any, /) -> None:
        task = calling_task()
        scheduler = control.scheduler
        if task is not None and not isinstance(getattr(scheduler.enter, "__self__", None), _Loops):
            scheduler.enter = _Loops(task, events._get_running_loop, original, swap).enter
        original(loop)

    return set_running_loop


def replacements() -> list[tuple[object, object]]:
    """What to exchange in asyncio; nothing where it has not been imported."""
    events, tasks = sys.modules.get("asyncio.events"), sys.modules.get("asyncio.tasks")
    if events is None or tasks is None:
        return []
    return [(events._set_running_loop, _setting(events, tasks))]
