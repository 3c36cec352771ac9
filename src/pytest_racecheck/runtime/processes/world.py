"""All that makes processes a part of the program, in place for the length of a campaign, or of a process.

In the process that the campaign runs in, tasks ask `Root`; a process that it starts, or that one of those starts, has a `Branch` instead. Everything
else is the same in both: so what is exchanged in a process is inherited by those that are forked from it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes import (
    file_calls,
    file_locks,
    files,
    kept_open,
    lifecycle,
    managers,
    raw_memory,
    semaphores,
    signalling,
    values,
    zygote,
)
from pytest_racecheck.runtime.processes.arrivals import await_arrivals
from pytest_racecheck.runtime.processes.attaching import Attachment
from pytest_racecheck.runtime.processes.root import Root
from pytest_racecheck.runtime.processes.temporary import SharedFolder
from pytest_racecheck.runtime.threads.replacements import More

if TYPE_CHECKING:
    from pytest_racecheck.instrument.install import Instrumentation
    from pytest_racecheck.runtime.processes.branch import Branch
    from pytest_racecheck.runtime.threads.controlled import Controlled
    from pytest_racecheck.runtime.threads.points import Points
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


def exchanged(living: Callable[[], list[Any]] = semaphores.living) -> More:
    """What is exchanged in every process of a program; `living` are the semaphores that there are."""
    return More(
        pairs=[
            *semaphores.REPLACEMENTS,
            *values.REPLACEMENTS,
            *managers.REPLACEMENTS,
            *signalling.REPLACEMENTS,
        ],
        files=[
            *files.REPLACEMENTS,
            *file_calls.REPLACEMENTS,
            *file_locks.REPLACEMENTS,
            *kept_open.REPLACEMENTS,
        ],
        attributes=[
            *lifecycle.ATTRIBUTES,
            *zygote.ATTRIBUTES,
            *values.ATTRIBUTES,
            *values.structures(),
            *managers.ATTRIBUTES,
        ],
        locks={semaphores.RealSemLock: semaphores.SemLock},
        living=living,
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a fresh interpreter needs to know to make a world of its own."""

    scope: Scope
    keys: frozenset[tuple[str, int, str]]
    max_steps: int
    any_timeouts: bool
    recording: bool


class ProcessWorld:
    """Everything about processes that a controlled program needs.

    `keys` are those of the code that is rewritten. Satisfies `threads.controlled.Beside`.
    """

    def __init__(
        self, scheduler: Scheduler, points: Points, instrumentation: Instrumentation, scope: Scope
    ) -> None:
        self.scheduler = scheduler
        self.points = points
        points.memory = raw_memory
        self.more = exchanged(self._semaphores)
        self._known: list[tuple[Any, int]] = []
        self.zygote = zygote.Zygote(scope)
        self.instrumentation = instrumentation
        self.scope = scope
        self.keys: set[Any] = set()
        # In a fresh interpreter the code that is to be rewritten as soon as it is there.
        self.awaited: frozenset[Any] = frozenset()
        self.stacks_fd = -1
        self._folder = SharedFolder()
        self._root: Root | None = None
        self._branch: Branch | None = None
        self._known_late = 0
        self._made = itertools.count(1)
        self.ticket = ""
        self.hosts = False

    @classmethod
    def of(cls, controlled: Controlled) -> ProcessWorld:
        """That of the process which the campaign runs in."""
        return cls(
            controlled.scheduler, controlled.points, controlled.instrumentation, controlled.scope
        )

    def instrument(self, keys: Iterable[Any]) -> None:
        """These functions were rewritten here, and are to be in fresh interpreters."""
        self.keys.update(keys)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Be the process that schedules; what is exchanged is somebody else's business."""
        self._root = root = Root(self)
        hub = root.hub
        hub.stacks.in_scope = self.scope.contains
        hub.held, hub.process_ended = root.held_by, root.process_ended
        self.stacks_fd = hub.stacks.fd
        scheduler = self.scheduler
        begin, end, others = scheduler.beginning, scheduler.ending, scheduler.outside.others
        scheduler.beginning = _both(begin, self._begin)
        scheduler.ending = _both(self._end, end)
        scheduler.outside.others = hub.probe
        scheduler.outside.last_resort = root.last_resort
        scheduler.outside.others_elsewhere = hub.elsewhere
        scheduler.outside.standing_of = hub.standing_of
        scheduler.processes = root
        try:
            with file_calls.entered():
                yield
        finally:
            self._folder.remove()
            scheduler.beginning, scheduler.ending, scheduler.outside.others = begin, end, others
            scheduler.processes = None
            hub.close()
            self.zygote.stop()

    def _semaphores(self) -> list[Any]:
        """Those that there are before the first run, whose values are put back before each."""
        found = semaphores.living()
        with contextlib.suppress(NotImplementedError):
            self._known = [(real, real._get_value()) for real in found]
        return found

    def _begin(self) -> None:
        assert self._root is not None
        for real, value in self._known:
            semaphores.put_back(real, value)
        self._made = itertools.count(1)
        self._root.begin()
        self._root.hub.begin()

    def _end(self) -> None:
        assert self._root is not None
        hub = self._root.hub
        hub.ends.judge()
        hub.end()
        if hub.late:
            late, hub.late = hub.late, set()
            keys = {(key[0], key[1], key[2]) for key in late}
            self.instrumentation.install(keys)
            self.keys.update(keys)

    def attachment(
        self, task: Task, label: str, name: str, parent: int, *, launched: bool
    ) -> Attachment:
        """What a process that `task` is about to start has to carry."""
        scheduler = self.scheduler
        number = task.children.get(label, 0) + 1
        if self._root is not None:
            hub = self._root.hub
            self._address, self._secret, self._stacks = hub.address, hub.secret, hub.stacks.path
        ticket = f"{self.ticket}{next(self._made)}"
        keys = frozenset({*self.keys, *self.instrumentation.late})
        recipe = Recipe(
            self.scope, keys, scheduler.max_steps, scheduler.any_timeouts, Recorder.on is not None
        )
        return Attachment(
            ticket, f"{task.key}/{label}:{number}", name, self._address, self._secret, scheduler.processes.recorded, parent, launched,
            self._stacks, self, recipe,
        )  # fmt: skip

    def lodge(self, process: Any) -> None:
        """Give it a place for its sockets; a process that another one of the program makes has that one's."""
        if self._root is not None:
            self._folder.lodge(process)

    @classmethod
    def made_of(cls, recipe: Recipe) -> ProcessWorld:
        """That of a fresh interpreter, which ends with its task: so all is exchanged for good."""
        from pytest_racecheck.runtime.processes.fresh import world_of

        return world_of(recipe)

    def unpacked(self) -> None:
        """All that the process was given is there by now."""
        awaited, self.awaited = self.awaited, frozenset()
        await_arrivals(self.instrumentation, awaited)

    def leave_parent(self) -> None:
        """This process was forked: let go of what belongs to the other one."""
        self.zygote.forget()
        if self._root is not None:
            self._root.hub.forget()
            self._root = None
        if self._branch is not None:
            self._branch.close()
            self._branch = None

    def branch_off(self, branch: Branch, attachment: Attachment) -> Task:
        """Be a part of the program that another process schedules; returns the main task."""
        scheduler = self.scheduler
        self._branch = branch
        self._address, self._secret, self._stacks = (
            attachment.address, attachment.secret, attachment.stacks,
        )  # fmt: skip
        self._made = itertools.count(1)
        self._known_late = len(self.instrumentation.late)
        scheduler.processes = branch
        scheduler.watch = None
        self.points.watching = self.points.noting = True
        self.points.learning = False
        main = scheduler.branch_off(branch, attachment.key, attachment.name)
        control.scheduler = scheduler
        return main

    def late_keys(self) -> list[Any]:
        """The code that this process was the first to come to; in the first run of all, whatever it came to."""
        late = list(self.instrumentation.late[self._known_late :])
        return late if Recorder.on is None else [*late, *Recorder.on.keys]


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        first()
        second()

    return call
