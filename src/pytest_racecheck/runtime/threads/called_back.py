"""Operations of C that call functions of the program in the middle.

To sort a list asks a key function, to look for something asks `__eq__`, and what is not there yet is made: by what `functools.cache` is put around,
by the factory of a `defaultdict`, by the function of a `cached_property`. Others may come in then, and find the operation half done. So
where a function begins or ends that the program has not called itself, its task stands once more, in the middle of what it does: others may
change what the function is about to look at, and what it has seen before the answer is kept.

What is filled from a generator has changed halfway when that goes on: `list.extend`, `dict.update`, `+=`. So where a generator yields that C code
runs in the middle of an operation, its task stands as well: the value is about to be put in, and what it was made from may have changed.

Only operations on containers and caches are taken for such. C code that holds a lock of its own meanwhile, as files do, would not let others in.
"""

from __future__ import annotations

import collections
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_racecheck.runtime.threads.calls import CACHED
from pytest_racecheck.runtime.threads.contents import CONTAINERS
from pytest_racecheck.runtime.threads.library import columns_of
from pytest_racecheck.runtime.threads.resources import (
    ALL_ATTRIBUTES,
    Resource,
    Together,
    class_of,
    held_by,
    is_a,
)

if TYPE_CHECKING:
    from types import FrameType

    from pytest_racecheck.runtime.threads.points import Point
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


class Inside(NamedTuple):
    """A function that C code has called in the middle of an operation: its frame by its id, the caller's with the instruction, what on, and whether it is changed."""

    frame: int
    called_from: tuple[int, int]
    resource: Resource
    writes: bool


_OURS = str(Path(__file__).parents[2])


def in_the_middle(scheduler: Scheduler, _point: object, _none: None) -> Resource | None:
    """What is being operated on where a function or a generator begins; None where the program itself has called it."""
    task: Task = scheduler.current
    resource, task.doing = task.doing, None
    if resource is None or not _may_call(resource):
        return None
    frame = hooked(sys._getframe(2))
    if frame is None or not _is_inside(scheduler, task, frame):
        return None
    writes = task.writes and task.resource is resource
    if is_a(resource, Together):
        resource = resource.main
    note_if_kept(resource)
    inside, caller = task.called_back, _called_from(frame)
    # One caller calls one thing at a time: those before have ended with an exception.
    while inside and inside[-1].called_from[0] == caller[0]:
        inside.pop()
    inside.append(Inside(id(frame), caller, resource, writes))
    return resource


def yielding(scheduler: Scheduler, point: Point, _none: None) -> Resource | None:
    """What a value goes into that a generator is about to yield; else the generator itself, if it is shared.

    Whoever wants a value from it meanwhile finds that it is running.
    """
    frame = hooked(sys._getframe(2))
    if frame is None:
        return None
    task: Task = scheduler.current
    generator = scheduler.resources.running(frame)
    began = _began(task.called_back, frame)
    if began is None:
        point.writes = True
        return generator
    if generator is not None:
        generator.note(task, point.number, writes=True)
    point.writes = began.writes
    return began.resource


def done_with(scheduler: Scheduler, _point: object, _none: None) -> Resource | None:
    """What C code goes on with when the function has returned that ends here; None where the program itself has called it."""
    task: Task = scheduler.current
    frame = hooked(sys._getframe(2)) if task.called_back else None
    if frame is None or _began(task.called_back, frame) is None:
        return None
    return task.called_back.pop().resource


def _is_inside(scheduler: Scheduler, task: Task, frame: FrameType) -> bool:
    """Whether the last operation of `task` still goes on: the program has come no further, not even over places where nobody stands."""
    if task.point < 0:
        return True
    caller = frame.f_back
    while caller is not None and not scheduler.in_scope(caller.f_code.co_filename):
        caller = caller.f_back
    site = scheduler.site_of(task.point)
    return caller is None or (caller.f_lineno, columns_of(caller)) == (site.line, site.columns)


def _called_from(frame: FrameType) -> tuple[int, int]:
    caller = frame.f_back
    return (0, 0) if caller is None else (id(caller), caller.f_lasti)


def _began(inside: list[Inside], frame: FrameType) -> Inside | None:
    """The operation that `frame` was called in the middle of; the last of those that go on."""
    for place in reversed(range(len(inside))):
        began = inside[place]
        # A generator may have begun in one operation and go on in another, or in none.
        if began.frame == id(frame) and began.called_from == _called_from(frame):
            # Those behind it have ended with an exception.
            del inside[place + 1 :]
            return began
    return None


def hooked(frame: FrameType | None) -> FrameType | None:
    """The function that a hook stands in, of `frame` and what has called that: there may be one of ours between."""
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame


def note_if_kept(resource: Resource) -> None:
    """To ask for what is not there may be to change it, where that is made and kept."""
    held = held_by(resource)
    if resource.name:
        keeps = _is_cached_property(held, resource.name)
    else:
        keeps = is_a(held, collections.defaultdict) and held.default_factory is not None
    if keeps:
        resource.written = True


def _may_call(resource: Resource) -> bool:
    held = held_by(resource)
    if resource.name in ALL_ATTRIBUTES:
        return True
    if resource.name:
        return _is_cached_property(held, resource.name)
    return is_a(held, (*CONTAINERS, CACHED))


def _is_cached_property(obj: Any, name: str) -> bool:
    found = class_of(type(obj), name)
    return found is not None and type(found.__dict__[name]) is functools.cached_property
