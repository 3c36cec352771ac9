"""The end of a run: whoever is still alive unwinds.

A run ends when nobody can go on, when it has taken too many steps, or when something from outside ends the campaign. The tasks that are left
stand in the middle of the program, and are got out by an exception that only their own `finally` and bare `except` can see. While they
unwind nothing waits and nothing is recorded. One that swallows the exception is thrown it again, for a bounded number of times; then it is left
where it stands and is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime.threads.carrier import Carriers
from pytest_racecheck.runtime.threads.task import Aborted, Task

if TYPE_CHECKING:
    from pytest_racecheck.strategies.protocol import Strategy

# A task that swallows what ends its run is given up after so many tries.
MOST_ABORTS = 100


class Nobody:
    """Stands where no task runs: hooks compare with its greenlet and find that they are nobody's."""

    greenlet = None


class Unwinding:
    """The part of a scheduler that ends runs. `survivors` are the tasks that could not be unwound."""

    tasks: list[Task]
    survivors: list[Task]
    carriers: Carriers
    current: Any
    root: Any
    max_steps: int
    limit: int
    overrun: int
    strategy: Strategy
    lingered: int
    _choose: Any
    _executed: Any
    active: bool
    aborting: bool
    interrupted: BaseException | None

    # Told that it was too many even in turns, before anybody is unwound.
    overran: Callable[[], None]
    # Gives a task that is about to run what belongs to it.
    enter: Callable[[Task], None]

    def is_task(self) -> bool:
        """Whether the calling greenlet is that of a task, whatever state the run is in."""
        me = getcurrent()
        return any(task.greenlet is me for task in self.tasks)

    def refuse(self) -> None:
        """A task wants to wait though the run is over: it unwinds some more."""
        me = getcurrent()
        self.abort_here(next(task for task in self.tasks if task.greenlet is me))

    def interrupt(self, error: BaseException) -> None:
        """A signal handler is about to raise `error` in whichever task happens to run."""
        if self.active:
            self.interrupted = error

    def abort(self) -> None:
        """The run is over: every task that is still alive unwinds as soon as it is entered."""
        self.aborting = True
        self.current = Nobody

    def _overrun(self) -> None:
        """Too many steps: first the strategy is made fair, and if that does not end the run it is over."""
        self.overrun += 1
        if self.overrun > 1:
            self.overran()
            self.abort()
            raise Aborted
        from pytest_racecheck.strategies.turns import Turns

        self.limit += self.max_steps
        self.strategy = Turns()
        self._choose, self._executed = self.strategy.choose, None

    def lingering(self) -> None:
        """A hook was called though the run is over: the caller is being unwound, or refuses to be."""
        if self.aborting:
            self.lingered += 1
            if self.lingered > self.max_steps:
                self.lingered = 0
                task = next(
                    (task for task in self.tasks[1:] if task.greenlet is getcurrent()), None
                )
                if task is not None:
                    task.aborts = MOST_ABORTS
                    self.abort_here(task)

    def abort_here(self, task: Task) -> None:
        """Raise Aborted in `task`, the caller; one that has swallowed it too often is left where it stands."""
        task.aborts += 1
        if task.aborts > MOST_ABORTS and task.index:
            if task not in self.survivors:
                self.survivors.append(task)
            while True:
                self.root.switch()
        raise Aborted

    def finish(self) -> None:
        """Unwind whoever is left; the main task calls this last. `survivors` could not be unwound."""
        self.abort()
        for task in self.tasks[1:]:
            started = task.greenlet
            if not task.ended and started is not None:
                if started:
                    self.enter(task)
                    started.throw(Aborted)
                task.ended = True
        self.enter(self.tasks[0])
        self.tasks[0].greenlet = None
        for task in self.tasks[1:]:
            if task not in self.survivors:
                self.carriers.free(task.greenlet)
                task.greenlet = None
        self.active = False
