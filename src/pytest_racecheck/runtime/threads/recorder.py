"""A run written down step by step, with the values read and written: for the one run that is shown to somebody.

The search knows only places and identities. The schedule that it found is run once more with a recorder, which looks at each resource
when an operation is about to happen (that is what a read will see) and again before the next one (that is what a write has left).
Looking never runs the program's code: dictionaries and slots are read directly, and while a value is spelled out no hook
belongs to a task.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.instrument.switching import Standing, Switching
from pytest_racecheck.model.operation import ADVANCES, BOUNDS, Access, Kind, Site
from pytest_racecheck.model.trace import (
    DATABASES,
    FILES,
    IN_VAIN,
    Action,
    Beside,
    LibraryCall,
    Position,
    TraceStep,
)
from pytest_racecheck.runtime.context import IDLE
from pytest_racecheck.runtime.threads import library_objects
from pytest_racecheck.runtime.threads.contents import is_generator
from pytest_racecheck.runtime.threads.filesystem import file_in
from pytest_racecheck.runtime.threads.library import Frames, frames_of
from pytest_racecheck.runtime.threads.library_calls import LibraryCalls
from pytest_racecheck.runtime.threads.resource_names import ResourceNames
from pytest_racecheck.runtime.threads.resources import (
    ALL_ATTRIBUTES,
    Resource,
    Together,
    held_by,
    is_a,
)
from pytest_racecheck.runtime.threads.told import told_step
from pytest_racecheck.runtime.threads.values import is_set_in_steps, peek, shown

if TYPE_CHECKING:
    from pytest_racecheck.model.outcome import TaskError
    from pytest_racecheck.runtime.threads.points import Point
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task

_ACTIONS = {action.value: action for action in Action}
_CALLS = frozenset({Kind.CALL, Kind.ENTER, Kind.EXIT, Kind.IMPORT})
_SETTING = {Kind.STORE_ITEM: "__setitem__", Kind.STORE_ATTR: "__setattr__"}
_MOST_STEPS = 200_000
_OURS = str(Path(__file__).parents[2])
_OUTSIDE = frozenset({FILES, DATABASES})
_PLAIN = (int, float, complex, str, bytes, type(None))


@dataclass(frozen=True, slots=True)
class _Stood:
    """A task's last step: where, and whether it is about a number or the like; or about what enters functions of a library."""

    standing: Standing
    plain: bool
    enters: bool


class Recorder:
    """The trace of one run; give `step` to the scheduler as its `watch`."""

    def __init__(self, scheduler: Scheduler, points: list[Point]) -> None:
        self._scheduler = scheduler
        self._points = points
        self._steps: list[TraceStep] = []
        self._last: Task | None = None
        # The write whose value is known only when it has happened.
        self._pending: tuple[int, Callable[[], str | None]] | None = None
        self._names = ResourceNames(scheduler)
        processes = scheduler.processes
        key_of = _nobody_else if processes is None else processes.key_of
        self._calls = LibraryCalls(self._names, key_of)
        self._switching = Switching()
        self._stood: dict[Task, _Stood] = {}
        self._told: dict[Task, Any] = {}

    def trace(self) -> tuple[TraceStep, ...]:
        """The steps so far."""
        self._settle()
        return tuple(
            step
            if step.resource is None
            else replace(
                step, name=self._names.known(step.resource), call=self._calls.named(step.call)
            )
            for step in self._steps
        )

    def step(self, task: Task) -> None:
        """`task` is about to do its pending operation; not told are the turns in which a run goes on that had too many steps."""
        self._settle()
        if self._scheduler.overrun or len(self._steps) >= _MOST_STEPS or self._is_within(task):
            return
        if task.told is not None:
            self._told_step(task)
            return
        at = frames_of(sys._getframe(1), self._scheduler.in_scope)
        standing = Standing.of(sys._getframe(1), _OURS)
        circumstances = self._circumstances(task)
        resource = task.resource
        parts = resource.parts if is_a(resource, Together) else [(resource, task.writes)]
        for part, writes in parts:
            step = self._step(task, part, at, standing, writes=writes, **circumstances)
            if part is not None and part is not parts[-1][0] and not writes:
                step = replace(step, action=Action.READ, value=self._shown(part))
            self._steps.append(step)
            # Nobody can come between the parts of one operation.
            circumstances = {**circumstances, "choice": None, "preempted": None}
            site = self._steps[-1].site
            if part is not None:
                self._names.touched(part, task, site)
            if writes and site is not None and part is not None and _is_seen(task):
                self._look_afterwards(task, site, part)

    def _step(
        self, task: Task, resource: Resource | None, at: Frames, standing: Standing, *, writes: bool, **circumstances: Any
    ) -> TraceStep:  # fmt: skip
        site = self._points[task.point].site if task.point >= 0 else None
        kind = site.kind if site else Kind.OPERATE if _is_seen(task) else None
        action = self._action(task, kind)
        if action is Action.CALL and kind is Kind.CALL and _is_attribute(resource):
            # `setattr(thing, "n", 1)` is what `thing.n = 1` is.
            action = Action.WRITE if writes else Action.READ
        enters = resource is not None and library_objects.is_one(held_by(resource))
        step = TraceStep(
            number=len(self._steps),
            task=task.name,
            action=action,
            access=Access.WRITE if writes else Access.READ,
            position=Position(site.file, site.line, site.function) if site else at.position,
            site=site or at.site(),
            resource=None if resource is None else resource.number,
            value=self._value(task, action, resource),
            call=None if _is_seen(task) else self._calls.of(task, at),
            switchable=self._switchable(task, standing, enters),
            file=self._file(task),
            **circumstances,
        )
        self._stood[task] = _Stood(standing, _is_plain(resource), enters)
        return step

    def _value(self, task: Task, action: Action, resource: Resource | None) -> str | None:
        """What is read; and of a lock that is asked for and not had that it is in vain."""
        if action is Action.READ:
            return self._shown(resource)
        if action is not Action.ACQUIRE or resource is None:
            return None
        owner = getattr(held_by(resource), "owner", None)
        return None if owner is None or owner is task else IN_VAIN

    def _look_afterwards(self, task: Task, site: Site, resource: Resource) -> None:
        """Have what is written there shown, once it has been."""
        if site.kind in ADVANCES and is_generator(held_by(resource)):
            return
        method = _SETTING.get(site.kind)
        if method is None or not is_set_in_steps(resource, method):
            self._pending = (len(self._steps) - 1, partial(self._shown, resource))
            # The last who knows the object may be the task itself.
            task.on_end.append(self._settle)

    def _is_within(self, task: Task) -> bool:
        """Whether it is in the middle of what has been told, where a function begins or ends that C code has called."""
        return task.point >= 0 and self._points[task.point].site.kind in BOUNDS

    def _file(self, task: Task) -> str | None:
        """The name of the file, if it is a call that is about one."""
        if task.called is None or task.resource is None or task.resource.name != FILES:
            return None
        return file_in(*task.called)

    def _circumstances(self, task: Task) -> dict[str, Any]:
        """Who else could have gone on, and who was interrupted."""
        scheduler, before = self._scheduler, self._last
        enabled = scheduler.enabled
        self._last = task
        interrupted = before is not None and before is not task and before.enabled
        if interrupted and scheduler.gave_way == (before, scheduler.choices - 1):
            interrupted = False
        return {
            "choice": scheduler.choices - 1 if len(enabled) > 1 else None,
            "enabled": tuple(other.name for other in enabled),
            "preempted": before.name if interrupted and before is not None else None,
        }

    def _told_step(self, task: Task) -> None:
        """A step on something that processes share: whoever does it has told what is to be said of it.

        What is made of several operations is told once.
        """
        if self._told.get(task) is task.told:
            return
        self._told[task] = task.told
        beside = self._beside(task)
        step = told_step(task, len(self._steps), {"beside": beside, **self._circumstances(task)})
        if task.told.told is not None and step.resource is not None:
            self._names.say(step.resource, task.told.told.name)
        self._steps.append(replace(step, call=self._told_call(task)))

    def _beside(self, task: Task) -> tuple[Beside, ...]:
        shared = self._scheduler.resources.shared
        return tuple(Beside(shared(key).number, *rest) for key, *rest in task.told.beside)

    def _told_call(self, task: Task) -> LibraryCall | None:
        """The library's call on something that processes share."""
        if task.remote:
            told = task.told.told
            return None if told is None or told.call is None else self._calls.told(task, told.call)
        at = frames_of(sys._getframe(2), self._scheduler.in_scope)
        return self._calls.of(task, at) if self._is_shared(at.subject) else None

    def _is_shared(self, subject: object) -> bool:
        return subject is not None and self._scheduler.processes.key_of(subject) is not None

    def _switchable(self, task: Task, standing: Standing, enters: bool) -> bool | None:
        """Whether a GIL build, too, could have let others in since the last step of `task`, or when this one `enters` a function."""
        stood = self._stood.get(task)
        if stood is None or stood.enters or enters:
            # A new thread enters a function, too.
            return True
        return self._switching.possible(stood.standing, standing, plain=stood.plain)

    def failed(self, task: Task, error: BaseException) -> None:
        """`task` ends with an exception: the last thing it does."""
        self._settle()
        position, columns = _raised_in_scope(self._scheduler, error)
        last = next((step.site for step in reversed(self._steps) if step.task == task.name), None)
        by = (
            last
            if last and position and (last.line, last.columns) == (position.line, columns)
            else None
        )
        self._raise(task, position, type(error).__name__, by)

    def raised(self, task: Task, error: TaskError, position: Position | None) -> None:
        """The same of a task of another process, which has told of it."""
        self._settle()
        self._raise(task, position, error.summary.partition(":")[0])

    def written(self, task: Task, look: Callable[[], str | None]) -> None:
        """What the last step of `task` leaves, if it is a write that was told without that, `look` will show."""
        self._settle()
        for place in range(len(self._steps) - 1, -1, -1):
            step = self._steps[place]
            if step.task == task.name:
                if step.action is Action.WRITE and step.value is None:
                    self._pending = (place, look)
                return

    def _raise(
        self, task: Task, position: Position | None, name: str, by: Site | None = None
    ) -> None:
        self._steps.append(
            TraceStep(
                number=len(self._steps),
                task=task.name,
                action=Action.RAISE,
                access=Access.READ,
                position=position,
                site=by,
                value=name,
            )
        )

    def _action(self, task: Task, kind: Kind | None) -> Action:
        if kind is not None:
            if kind in _CALLS:
                return Action.CALL
            return Action.WRITE if task.writes else Action.READ
        return _ACTIONS.get(_primitive(sys._getframe(2)), Action.CALL)

    def _settle(self) -> None:
        """What the last write has left is seen only now."""
        if self._pending is None:
            return
        place, look = self._pending
        self._pending = None
        self._steps[place] = replace(self._steps[place], value=look())

    def _shown(self, resource: Resource | None) -> str | None:
        if resource is None:
            return None
        scheduler = self._scheduler
        current, scheduler.current = scheduler.current, IDLE.current
        try:
            return shown(resource)
        finally:
            scheduler.current = current


def _is_seen(task: Task) -> bool:
    """Whether its operation is known for what it is: the program's own, or a call that the library makes for it."""
    return task.point >= 0 or task.called is not None


def _nobody_else(_obj: object) -> None:
    """There are no other processes."""


def _is_attribute(resource: Resource | None) -> bool:
    name = "" if resource is None else resource.name
    return name.isidentifier() and name not in ALL_ATTRIBUTES and name not in _OUTSIDE


def _is_plain(resource: Resource | None) -> bool:
    return resource is not None and type(peek(resource)) in (*_PLAIN, bool)


def _primitive(frame: FrameType | None) -> str:
    """What a controlled primitive is asked to do, by the name of its method."""
    while frame is not None:
        name = frame.f_code.co_name
        if name in _ACTIONS:
            return name
        if "pytest_racecheck" not in frame.f_code.co_filename:
            return ""
        frame = frame.f_back
    return ""


def _raised_in_scope(
    scheduler: Scheduler, error: BaseException
) -> tuple[Position | None, tuple[int | None, ...]]:
    """Where the error passed the innermost code in scope: the position, and the columns of the instruction as in `Site`."""
    found: tuple[Position | None, tuple[int | None, ...]] = None, ()
    entry = error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if scheduler.in_scope(code.co_filename):
            position = Position(code.co_filename, entry.tb_lineno, code.co_qualname)
            instruction = next(islice(code.co_positions(), entry.tb_lasti // 2, None), (None,) * 4)
            _, end_line, *columns = instruction
            found = position, (columns[0], end_line, columns[1])
        entry = entry.tb_next
    return found
