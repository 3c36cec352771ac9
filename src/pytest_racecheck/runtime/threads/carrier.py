"""What carries a task: a greenlet that outlives it, and carries another one in the next run.

A greenlet of its own for each task is the obvious way, and the dear one: to begin the first function in a greenlet the interpreter asks the
operating system for a piece of stack, and gives it back at the end, which takes as long as all the steps of a short task. So a carrier
waits, when its task has ended, until it is given another. That happens between runs only: within a run a greenlet stands for one task,
ended or not, and whoever compares greenlets may rely on it.

Nothing of a task stays behind: its function and its context variables are dropped. One whose task could not be unwound is not used again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from pytest_racecheck.runtime.threads.task import Aborted, Task

#: Lives a task, and says which greenlet goes on then; None for whoever entered it.
_Live = Callable[[Task, Callable[[], object]], Any]


class Carrier(greenlet):  # type: ignore[misc]
    """Runs what it is given by `carry` when it is switched to, then has another greenlet go on and waits."""

    task: Task | None = None
    body: Any = None
    live: _Live

    def run(self) -> None:
        """Carry one task after another."""
        root: Any = self.parent
        while True:
            task, body = self.task, self.body
            self.task = self.body = None
            try:
                following = None if task is None else self.live(task, body)
                del task, body
                (following or root).switch()
            except Aborted:
                # It was given a task that never began.
                self.task = None


class Carriers:
    """The carriers of a scheduler, all of them children of one greenlet."""

    def __init__(self, live: _Live) -> None:
        self._live = live
        self._root: Any = None
        self._free: list[Carrier] = []

    def begin(self, root: greenlet) -> None:
        """A run begins, on the greenlet `root`."""
        if root is not self._root:
            self.close()
            self._root = root

    def carry(self, task: Task, body: Callable[[], object]) -> Carrier:
        """What will call `body` as `task` when it is switched to."""
        if self._free:
            carrier = self._free.pop()
        else:
            carrier = Carrier(parent=self._root)
            carrier.live = self._live
        carrier.task, carrier.body = task, body
        return carrier

    def free(self, carrier: Any) -> None:
        """The run is over, and so is what the carrier was given."""
        if carrier and not carrier.dead:
            carrier.task = carrier.body = None
            if carrier.gr_context is not None:
                carrier.gr_context = None
            self._free.append(carrier)

    def close(self) -> None:
        """End them."""
        while self._free:
            carrier = self._free.pop()
            carrier.parent = getcurrent()
            carrier.throw(GreenletExit)
            # A traceback may keep its frame, and so the carrier; not what is beyond.
            del carrier.live


def on_a_stack_of_its_own(call: Callable[[], int]) -> int:
    """What `call` returns, which sees none of the frames that have led here."""
    carrier = greenlet(call)
    carrier.gr_context = copy_context()
    returned: int = carrier.switch()
    return returned
