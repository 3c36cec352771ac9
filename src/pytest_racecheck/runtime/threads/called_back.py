"""Operations of C that call functions of the program in the middle.

To sort a list asks a key function, to look for something asks `__eq__`, and what is not there yet is made: by what `functools.cache` is put around,
by the factory of a `defaultdict`, by the function of a `cached_property`. Others may come in then, and find the operation half done. So
where a function begins or ends that the program has not called itself, its task stands once more, in the middle of what it does: others may
change what the function is about to look at, and what it has seen before the answer is kept.

Only operations on containers and caches are taken for such. C code that holds a lock of its own meanwhile, as files do, would not let others in.
"""

from __future__ import annotations

import collections
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.threads.contents import CACHED, CONTAINERS
from pytest_racecheck.runtime.threads.resources import (
    ALL_ATTRIBUTES,
    Resource,
    class_of,
    held_by,
    is_a,
)

if TYPE_CHECKING:
    from types import FrameType

    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


_OURS = str(Path(__file__).parents[2])


def in_the_middle(scheduler: Scheduler, _point: object, _none: None) -> Resource | None:
    """What is being operated on where a function begins; None where the program itself has called it."""
    task: Task = scheduler.current
    resource, task.doing = task.doing, None
    if resource is None or not _may_call(resource):
        return None
    note_if_kept(resource)
    task.called_back.append((id(hooked(sys._getframe(2))), resource))
    return resource


def done_with(scheduler: Scheduler, _point: object, _none: None) -> Resource | None:
    """What C code goes on with when the function has returned that ends here; None where the program itself has called it."""
    task: Task = scheduler.current
    began = task.called_back
    if not began:
        return None
    frame = id(hooked(sys._getframe(2)))
    for place in reversed(range(len(began))):
        if began[place][0] == frame:
            resource = began[place][1]
            # Those behind it have ended with an exception.
            del began[place:]
            return resource
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
