"""Where tasks of this process stand, and what they are about to do, for others to read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.request import Call, Place, Told
from pytest_racecheck.runtime.processes.subjects import key_of
from pytest_racecheck.runtime.threads.library import Frames, frames_of
from pytest_racecheck.runtime.threads.library_calls import OngoingCalls
from pytest_racecheck.runtime.threads.naming import frames_from, name_of
from pytest_racecheck.runtime.threads.spelling import spelled
from pytest_racecheck.runtime.threads.stuck import waiting_of

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task

Position = tuple[str, int, str]


def frame_in_scope(frame: FrameType | None, in_scope: Callable[[str], bool]) -> FrameType | None:
    """The innermost frame of the program's, from `frame` outwards."""
    while frame is not None and not in_scope(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def place_of(in_scope: Callable[[str], bool], depth: int) -> Place | None:
    """The innermost place in scope, from the frame that is so many calls above this function."""
    frame = frame_in_scope(sys._getframe(depth), in_scope)
    if frame is None:
        return None
    code = frame.f_code
    return (code.co_filename, frame.f_lineno, code.co_qualname)


def raised_in_scope(error: BaseException, in_scope: Callable[[str], bool]) -> Place | None:
    """The innermost place in scope that `error` has come through."""
    found: Place | None = None
    entry = error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if in_scope(code.co_filename):
            found = (code.co_filename, entry.tb_lineno, code.co_qualname)
        entry = entry.tb_next
    return found


def told_of(
    obj: object, kind: str, *, attribute: str = "", suffix: str = "", value: str | None = None
) -> Told:
    """What a report is to say of an operation of the caller's on `obj`: an attribute's, or that of a method.

    The name is how the source spells `obj`, with `suffix`, or what else holds it.
    """
    in_scope = control.scheduler.in_scope
    at = frames_of(sys._getframe(1), in_scope)
    frame, site = at.user, at.site()
    if frame is None or site is None:
        return Told(kind, f"a {type(obj).__name__}{suffix}", (-1, -1, -1), attribute, value)
    name = spelled(site)
    if not name or name == "self":
        # What the program has called is the lock, and not what that consists of.
        name = _found(obj if at.subject is None else at.subject, at)
    if not suffix or not name.endswith(suffix):
        name += suffix
    call = control.scheduler.processes.call_at(at)
    return Told(kind, name, site.columns, attribute, value, call)


def _found(obj: object, at: Frames) -> str:
    """What the program calls `obj`, as its variables show."""
    in_scope = control.scheduler.in_scope
    known = frames_from([control.scheduler.below, at.user])
    return name_of(obj, [one for one in known if in_scope(one.f_code.co_filename)], at.site())


class Calls:
    """The library's calls on what processes share that tasks of this process are in."""

    def __init__(self) -> None:
        self._count = 0
        self.at = OngoingCalls(self._new).of

    def _new(self, _task: Task, at: Frames) -> Call | None:
        subject = at.subject
        key = None if subject is None else key_of(subject)
        if key is None:
            return None
        self._count += 1
        return (self._count, at.function, type(subject).__name__, key, _found(subject, at))


def told_of_call(operation: str) -> Told | None:
    """What a report is to say of an operation that a task of this process is about to do in the library, on something that processes share."""
    at = frames_of(sys._getframe(1), control.scheduler.in_scope)
    call = control.scheduler.processes.call_at(at)
    site = at.site()
    if call is None or site is None:
        return None
    return Told("CALL", call[-1], site.columns, operation, None, call)


def described(scheduler: Scheduler, *, named: bool) -> dict[int, tuple[Any, ...]]:
    """What the tasks of this process wait for, by their numbers.

    Operation, name and type of the resource, whether they are to be notified, where they stand, who holds it, and since where.
    """
    numbers = {task.name: task.index for task in scheduler.tasks}
    return {
        numbers[one.task]: (
            one.operation, one.resource, one.owner, one.notified, _plain(one.position), one.holder, _plain(one.held_since),
        )
        for one in waiting_of(scheduler, named)
    }  # fmt: skip


def _plain(position: Any) -> Position | None:
    return None if position is None else (position.file, position.line, position.function)
