"""Operations of C that call functions of the program in the middle.

To sort a list asks a key function, to look for something asks `__eq__`, and what is not there yet is made: by what `functools.cache` is put around,
by the factory of a `defaultdict`, by the function of a `cached_property`. Others may come in then, and find the operation half done. So
where a function begins that the program has not called itself, its task stands once more, before what it is in the middle of.

Only operations on containers and caches are taken for such. C code that holds a lock of its own meanwhile, as files do, would not let others in.
"""

from __future__ import annotations

import collections
import functools
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.threads.contents import CACHED, CONTAINERS
from pytest_racecheck.runtime.threads.resources import Resource, class_of, held_by, is_a

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task


def in_the_middle(scheduler: Scheduler, _point: object, _none: None) -> Resource | None:
    """What is being operated on where a function begins; None where the program itself has called it."""
    task: Task = scheduler.current
    resource, task.doing = task.doing, None
    if resource is None or not _may_call(resource):
        return None
    note_if_kept(resource)
    return resource


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
    if resource.name:
        return _is_cached_property(held, resource.name)
    return is_a(held, (*CONTAINERS, CACHED))


def _is_cached_property(obj: Any, name: str) -> bool:
    found = class_of(type(obj), name)
    return found is not None and type(found.__dict__[name]) is functools.cached_property
