"""A program under control: all that is in place from the first controlled run of a campaign to the last.

The scheduler, the points, the functions of the scope rewritten, the primitives exchanged. Outside of a run all of it is inert; at the end
of the block everything is as it was.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from random import Random
from typing import TYPE_CHECKING, Protocol

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.recorder import CodeKey
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.profile import Profile, SharedResource
from pytest_racecheck.model.settings import DEFAULT_SECONDS, Settings
from pytest_racecheck.runtime.snapshot import Snapshot
from pytest_racecheck.runtime.threads.collecting import CollectingScheduler, frozen
from pytest_racecheck.runtime.threads.interruptions import remembered
from pytest_racecheck.runtime.threads.log import Log, new_log, packed
from pytest_racecheck.runtime.threads.points import Points
from pytest_racecheck.runtime.threads.recorder import Recorder
from pytest_racecheck.runtime.threads.replacements import NO_MORE, More, all_replaced
from pytest_racecheck.runtime.threads.run import Judge, Run
from pytest_racecheck.runtime.threads.scheduler import Scheduler
from pytest_racecheck.runtime.threads.task import Task
from pytest_racecheck.runtime.threads.watchdog import LONGEST, Watchdog
from pytest_racecheck.strategies.protocol import Strategy

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.resources import Resource
    from pytest_racecheck.runtime.threads.stuck_call import StuckCall

Program = Callable[[Run], None]


class Beside(Protocol):
    """What else is part of the program besides the threads of this process; made of what controls those.

    `hosts`: what belongs to another process, a manager's objects, has lived in this one.
    """

    more: More
    hosts: bool

    def in_place(self) -> AbstractContextManager[None]:
        """Around all runs."""

    def instrument(self, keys: Collection[CodeKey]) -> None:
        """These functions were rewritten here."""


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nobody collects garbage inside the block who has not been told to: in a run it is no operation, and between runs it ages what they left."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Controlled:
    """Runs a program under one strategy after another; use inside `in_place`.

    A run may be `watched` (every place is a point, and what is shared is learned), and it may be recorded. `log` is what the last watched
    run did, `profile` what the runs so far have shown. `beside` makes what else belongs to the program.
    """

    def __init__(
        self, program: Program, settings: Settings, scope: Scope, classify: Judge, start: Snapshot | None,
        beside: Callable[[Controlled], Beside] | None = None,
    ) -> None:  # fmt: skip
        kind = CollectingScheduler if settings.gc else Scheduler
        self.scheduler = kind(
            settings.max_steps or DEFAULT_STEPS,
            scope.contains,
            any_timeouts=settings.timeouts == "any",
        )
        self.points = Points(self.scheduler, scope.contains)
        self.profile = Profile()
        self.log: Log = new_log()
        self.scope = scope
        self.instrumentation = Instrumentation(scope, self.points)
        self.scheduler.entering = self.instrumentation.reach
        self.scheduler.is_project = scope.is_project
        self._program = program
        self.collects = bool(settings.gc)
        self._classify = classify
        self._start = start
        self._seconds = settings.seconds or DEFAULT_SECONDS
        self._beside = None if beside is None else beside(self)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Exchange the primitives; the functions are rewritten by `instrument`."""
        collecting = frozen() if self.collects else contextlib.nullcontext()
        watchdog = Watchdog(self.scheduler, longest=max(LONGEST, self._seconds))
        beside = self._beside
        with (
            _uncollected(),
            all_replaced(self.scheduler, NO_MORE if beside is None else beside.more),
            contextlib.nullcontext() if beside is None else beside.in_place(),
            remembered(self.scheduler.interrupt),
            collecting,
            watchdog,
        ):
            try:
                yield
            finally:
                self.instrumentation.close()
                self.scheduler.close()
                self.points.lonely.close()

    @property
    def hosts(self) -> bool:
        """Whether the state of this process's modules may be another one's by now."""
        return self._beside is not None and self._beside.hosts

    def instrument(self, keys: Collection[CodeKey] | None) -> None:
        """Rewrite the functions whose code is among `keys`."""
        self.instrumentation.install(keys)
        if self._beside is not None:
            self._beside.instrument(keys or ())

    def run(
        self, strategy: Strategy, random: Random, number: int, *, watched: bool = False, noted: bool = False,
        recorded: bool = False, full: bool = False,
    ) -> Run:  # fmt: skip
        """One run from the same start, under `strategy`; whether it passed is in its `errors`.

        Every place is a point in a run that is watched, recorded or `full`. From one that is watched or `noted` it is learned what is shared.
        """
        if self._start is not None:
            self._start.restore()
        scheduler, points = self.scheduler, self.points
        strategy.begin(random, self.profile)
        recorder = Recorder(scheduler, points.all) if recorded else None
        noted = noted or strategy.everywhere
        points.watching = watched or recorded or full or strategy.everywhere
        points.noting = points.watching or noted
        scheduler.watch = recorder.step if recorder is not None else _note if noted else None
        points.learning = watched
        points.warmed = []
        points.lonely.begin()
        scheduler.recording = recorded
        if watched:
            self.log = new_log()
            scheduler.watch = self._watch
        run = Run(scheduler, number, self._classify, recorder)
        run.execute(self._program, strategy)
        if watched:
            points.learn()
            self._measure()
        elif noted and points.learn_more():
            self._measure()
        return run

    def blocked(self) -> StuckCall | None:
        """The call in which the last run was stuck, out of control; None if there was none."""
        return self.scheduler.blocked

    def _watch(self, task: Task) -> None:
        resource = task.resource
        assert resource is not None
        resource.note(task, task.point, task.writes)
        self.log.append(packed(task.index, task.point, resource.number))

    def _is_own(self, resource: Resource) -> bool:
        """Whether code in scope touches it, and not a library's alone."""
        places = self.scheduler.places
        return any(point >= 0 or point in places for point in resource.points)

    def _measure(self) -> None:
        """What the strategies want to know of the program's size, by the places that matter."""
        scheduler = self.scheduler
        everything = scheduler.resources.all
        shared = [resource for resource in everything if resource.shared]
        own = [resource for resource in everything if self._is_own(resource)]
        counts: dict[str, int] = {}
        for resource in shared:
            for task, times in resource.counts.items():
                counts[task.key] = counts.get(task.key, 0) + times
        self.profile = Profile(
            choices=max(1, sum(counts.values())),
            tasks=len(scheduler.tasks),
            counts=counts,
            parents={task.key: task.parent.key if task.parent else None for task in scheduler.tasks},
            resources=tuple(
                SharedResource(
                    frozenset(resource.points),
                    {task.key: times for task, times in resource.counts.items()},
                    self._is_own(resource),
                )
                for resource in shared
            ),
            own_points=frozenset().union(*(resource.points for resource in own)),
            own_times=sum(sum(resource.counts.values()) for resource in own),
            steps=sum(sum(resource.counts.values()) for resource in everything),
        )  # fmt: skip


def _note(task: Task) -> None:
    assert task.resource is not None
    task.resource.note(task, task.point, task.writes)


DEFAULT_STEPS = 100_000
