"""The names of what a recorded run touches, found while the things are there.

To find who holds a lock or a list the whole heap has to be looked through, so that is done once for each, and only when a second task comes to
it: what one task alone touches appears in no report, but for locks.
"""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.threads.naming import frames_from, name_of, resource_name
from pytest_racecheck.runtime.threads.resources import CONTENTS, Resource
from pytest_racecheck.runtime.threads.stuck import frame_of

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task

_MOST_LOCKS = 100


class ResourceNames:
    """What the source calls resources, by their numbers, and other objects."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._names: dict[int, str] = {}
        self._first: dict[int, Task] = {}
        self._locks = 0

    def known(self, number: int) -> str | None:
        """The name of the resource of that number."""
        return self._names.get(number)

    def say(self, number: int, name: str) -> None:
        """It is called so, if nobody has called it otherwise."""
        self._names.setdefault(number, name)

    def touched(self, resource: Resource, task: Task, site: Site | None) -> None:
        """`task` is about to touch it, at `site`."""
        number = resource.number
        if number in self._names:
            return
        if resource.name != CONTENTS:
            self._names[number] = resource_name(resource, site)
        elif self._first.setdefault(number, task) is not task or self._is_own_lock(site):
            self._names[number] = resource_name(resource, site, self._frames())

    def _is_own_lock(self, site: Site | None) -> bool:
        """Of the locks that the program takes itself those that one task alone has taken count, too: a deadlock needs no more."""
        if site is None or site.kind is not Kind.ENTER or self._locks >= _MOST_LOCKS:
            return False
        self._locks += 1
        return True

    def of_object(self, obj: object, site: Site | None) -> str:
        """The name of any object."""
        return name_of(obj, self._frames(), site)

    def _frames(self) -> list[FrameType]:
        scheduler = self._scheduler
        standing = [frame_of(scheduler, task) for task in scheduler.tasks if not task.ended]
        found = [
            frame for frame in frames_from(standing) if scheduler.in_scope(frame.f_code.co_filename)
        ]
        # Our own is among them, and holds them: in such a circle all that their functions have would stay alive, and be finalised too late.
        standing.clear()
        return found
