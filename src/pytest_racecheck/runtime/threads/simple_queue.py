"""`_queue.SimpleQueue` under control: a queue written in C, on which ThreadPoolExecutor hands out its work.

What is in it is kept in a real queue, for that is what threads that are no tasks put into and wait for; tasks never wait there.
Putting and getting are one operation each, as in C, where nothing can come between.

One that was made before the campaign is a real queue, and stays one: see `foreign.py` for what tasks do that wait there.
"""

from __future__ import annotations

import _queue
from types import GenericAlias
from typing import Any

from greenlet import getcurrent

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.resources import Resource
from pytest_racecheck.runtime.threads.task import Task, Wait

Empty = _queue.Empty
_RealQueue = _queue.SimpleQueue


class SimpleQueue:
    """Behaves as `_queue.SimpleQueue`."""

    __slots__ = ("__dict__", "__weakref__", "_getters", "_point", "_real", "_resource", "_run")
    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(self) -> None:
        self._real: Any = _RealQueue()
        self._getters: list[Task] = []
        self._resource: Resource | None = None
        self._point = -1
        self._run: object = None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002
        """Put the item on the queue; never waits."""
        task = self._operation()
        self._real.put(item)
        if task is not None:
            scheduler = control.scheduler
            for getter in self._getters:
                scheduler.enable(getter)

    def put_nowait(self, item: Any) -> None:
        """The same."""
        self.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item off the queue, waiting for one if asked to; raises Empty if there was none in time."""
        if block and timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        scheduler = control.scheduler
        task = scheduler.current
        if task.greenlet is not getcurrent():
            if scheduler.aborting and scheduler.is_task():
                scheduler.refuse()
            return self._real.get(block, timeout)
        if not block or timeout == 0:
            self._operation()
            if self._real.empty():
                scheduler.strategy.yielded(task)
        else:
            self._await_item(scheduler, task, timeout)
        item = self._real.get_nowait()
        if self._real.empty():
            for getter in self._getters:
                if not getter.timed_out and (getter.deadline is None or not scheduler.any_timeouts):
                    scheduler.disable(getter)
        return item

    def _await_item(self, scheduler: Any, task: Task, timeout: float | None) -> None:
        self._meet(scheduler)
        self._describe(task, writes=True)
        deadline = None if timeout is None else scheduler.now + timeout
        self._getters.append(task)
        try:
            ready = not self._real.empty()
            while True:
                scheduler.block(task, Wait("get", self), deadline, ready=ready)
                ready = False
                if not self._real.empty():
                    break
                if task.timed_out or (scheduler.any_timeouts and deadline is not None):
                    scheduler.now = max(scheduler.now, deadline)
                    break
        finally:
            self._getters.remove(task)
        self._done(scheduler, task, writes=True)

    def get_nowait(self) -> Any:
        """Take an item off the queue; raises Empty if there is none."""
        return self.get(False)

    def empty(self) -> bool:
        """Whether there is nothing in it just now."""
        self._operation(writes=False)
        return bool(self._real.empty())

    def qsize(self) -> int:
        """How many items there are in it just now."""
        self._operation(writes=False)
        return int(self._real.qsize())

    def _operation(self, writes: bool = True) -> Task | None:
        """Stand before an operation, if a task calls: it is returned."""
        scheduler = control.scheduler
        task: Task = scheduler.current
        if task.greenlet is not getcurrent():
            return None
        self._meet(scheduler)
        if not scheduler.alone:
            self._describe(task, writes)
            scheduler.stand(task)
            self._done(scheduler, task, writes)
        return task

    def _describe(self, task: Task, writes: bool) -> None:
        task.resource = self._resource
        task.writes = writes
        task.point = self._point

    def _done(self, scheduler: Any, task: Task, writes: bool) -> None:
        self._resource.happened(task, writes)  # type: ignore[union-attr]
        if scheduler.watch is not None:
            scheduler.watch(task)

    def _meet(self, scheduler: Any) -> None:
        if self._run is not scheduler.resources:
            self._run = scheduler.resources
            self._resource = scheduler.resources.fresh(self)
            self._point = scheduler.sync_point(self)
            self._getters = []


REPLACEMENTS: tuple[tuple[object, object], ...] = ((_RealQueue, SimpleQueue),)
