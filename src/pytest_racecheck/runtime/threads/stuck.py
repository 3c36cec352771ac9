"""A run in which nobody can go on: who waits for what, and who would have to let them."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.trace import Position, Waiting, cycle_of, to_blame
from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads.library import frames_of
from pytest_racecheck.runtime.threads.naming import frames_from, name_of
from pytest_racecheck.runtime.threads.resources import Resource

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


def waiting_of(scheduler: Scheduler, named: bool) -> tuple[Waiting, ...]:
    """The tasks that wait, in the order of their numbers; `named`: with what the source calls that for which they wait."""
    # To find a name may take an import, and an import takes locks: that is nobody's operation.
    control.scheduler = IDLE
    try:
        return _waiting_of(scheduler, named)
    finally:
        control.scheduler = scheduler


def _waiting_of(scheduler: Scheduler, named: bool) -> tuple[Waiting, ...]:
    stuck = [task for task in scheduler.tasks if not task.ended and task.wait is not None]
    standing = [frame_of(scheduler, task) for task in scheduler.tasks if not task.ended]
    standing.insert(0, scheduler.below)
    frames = [
        frame
        for frame in frames_from(standing)
        if named and scheduler.in_scope(frame.f_code.co_filename)
    ]
    processes = scheduler.processes
    others = None if processes is None else processes.describing(named=named)
    waiting = [_waiting(scheduler, task, frames if named else None, others) for task in stuck]
    subjects = [id(subject) for _, subject in waiting]
    return tuple(
        one if subject is None else replace(one, subject=_number(subject, subjects))
        for one, subject in waiting
    )


def _number(subject: Any, subjects: Sequence[int]) -> int:
    """Of a lock that of its resource, of anything else where it first stands among `subjects`, below zero."""
    resource = getattr(subject, "resource", None)
    return resource.number if isinstance(resource, Resource) else -1 - subjects.index(id(subject))


def _waiting(
    scheduler: Scheduler, task: Task, frames: Sequence[FrameType] | None, others: Any
) -> tuple[Waiting, Any]:
    """What `task` waits for, in words, and the object itself; `others` tells of what processes share."""
    told = None if others is None else others.waiting(task)
    if told is not None:
        return told, None
    wait = task.wait
    assert wait is not None
    holder = wait.holder() if callable(wait.holder) else wait.holder
    # The main task waits for explicit targets in code of ours, and for nothing that has a name.
    for_targets = wait.subject is None and wait.operation == "join"
    frame = None if for_targets else frame_of(scheduler, task)
    at = frames_of(frame, scheduler.in_scope)
    notified = at.is_notified(wait.subject)
    # Who runs no code of the program's, such as a thread whose target is a lock's own `acquire`, was called by the library.
    called = at.subject if at.user is not None else None
    subject = wait.subject if called is None else called
    site = at.site() if called is None or at.is_entered else None
    described = Waiting(
        task=task.name,
        operation=at.function if at.user is not None and at.outer is not None else wait.operation,
        resource=None if frames is None or subject is None else name_of(subject, frames, site),
        position=at.position,
        holder=holder.name if holder is not None and not notified else None,
        held_since=None if notified else getattr(wait.subject, "taken_at", None),
        daemon=task.daemon,
        owner=type(subject).__name__ if subject is not None else "",
        notified=notified,
    )
    return described, subject


def frame_of(scheduler: Scheduler, task: Task) -> FrameType | None:
    """The innermost frame of a task that does not run."""
    if task is scheduler.current:
        import sys

        return sys._getframe(1)
    return getattr(task.greenlet, "gr_frame", None)


def position_of(scheduler: Scheduler, frame: FrameType | None) -> Position | None:
    """The innermost place in scope that `frame` and its callers go through."""
    while frame is not None:
        code = frame.f_code
        if scheduler.in_scope(code.co_filename):
            return Position(code.co_filename, frame.f_lineno, code.co_qualname)
        frame = frame.f_back
    # What stands in for a task of another process was told where that one stands.
    told = scheduler.current.told if scheduler.active else None
    return None if told is None or told.place is None else Position(*told.place)


def deadlock_of(scheduler: Scheduler, waiting: tuple[Waiting, ...]) -> TaskError:
    """The deadlock as what went wrong; equal summaries for equal ones."""
    # Nobody from outside can let those go on who wait for each other.
    may_be_let_go = scheduler.uncontrolled and not cycle_of(waiting)
    kind = Outcome.POTENTIAL_DEADLOCK if may_be_let_go else Outcome.DEADLOCK
    stuck = to_blame(waiting)
    parts = [_said(one) for one in stuck]
    first = stuck[0].position if stuck else None
    return TaskError(
        task=stuck[0].task if stuck else "main",
        kind=kind,
        summary=f"{kind.value}: {'; '.join(parts)}",
        position=None if first is None else (first.file, first.line),
    )


def _said(one: Waiting) -> str:
    by = f" held by {one.holder}" if one.holder and one.operation == "acquire" else ""
    return f"{one.task} {one}{by}"


def livelock_of(scheduler: Scheduler) -> TaskError:
    """A run that does not end, though everybody had their turns; `details` says where those are who go on."""
    going = scheduler.enabled
    names = ", ".join(task.name for task in going)
    where = [_going_on(task, position_of(scheduler, frame_of(scheduler, task))) for task in going]
    return TaskError(
        task=going[0].name if going else "main",
        kind=Outcome.LIVELOCK,
        summary=f"livelock: {names} did not end within {scheduler.limit} steps, not even in turns",
        details="\n".join(where),
    )


def _going_on(task: Task, place: Position | None) -> str:
    if place is None:
        return f"{task.name} goes on"
    return f"{task.name} goes on at {place}: {source_at(place)}"


def source_at(place: Position) -> str:
    """The source line there, as the project spells it."""
    return linecache.getline(place.file, place.line).strip()
