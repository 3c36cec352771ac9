"""Which steps belong to one call of the standard library.

A frame that has returned cannot be told from a new one at the same address, and to keep it would keep its variables alive. So two
steps are taken to be of one call when frame and caller are at the same addresses, the caller stands at the same instruction, and the frame has
not gone back: a second call of a loop begins again at the top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.trace import LibraryCall
from pytest_racecheck.runtime.threads.library import Frames

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.resource_names import ResourceNames
    from pytest_racecheck.runtime.threads.task import Task


@dataclass(frozen=True, slots=True)
class _Latest:
    """The call that a task was in at its last step: which frames, how far, and as what it is known."""

    frames: tuple[int, int, int]
    reached: int
    call: LibraryCall


class LibraryCalls:
    """The library calls of one run; the objects they are made on are kept until it is over."""

    def __init__(self, names: ResourceNames) -> None:
        self._names = names
        self._latest: dict[Task, _Latest] = {}
        self._subjects: list[Any] = []
        self._first: list[Task] = []
        self._named: dict[int, str] = {}
        self._count = 0

    def of(self, task: Task, at: Frames) -> LibraryCall | None:
        """The call that `task` is in at a step of its own; None where it is in none."""
        user, outer = at.user, at.outer
        if user is None or outer is None:
            return None
        frames = (id(outer), id(user), user.f_lasti)
        latest = self._latest.get(task)
        if latest is not None and latest.frames == frames and outer.f_lasti >= latest.reached:
            self._latest[task] = replace(latest, reached=outer.f_lasti)
            return latest.call
        call = self._new(task, at)
        self._latest[task] = _Latest(frames, outer.f_lasti, call)
        return call

    def named(self, call: LibraryCall | None) -> LibraryCall | None:
        """The same call with the name that its object turned out to have."""
        if call is None or call.subject is None:
            return call
        return replace(call, name=self._named.get(call.subject))

    def _new(self, task: Task, at: Frames) -> LibraryCall:
        self._count += 1
        subject = at.subject
        if subject is None:
            return LibraryCall(self._count, at.function)
        number = self._number(subject, task)
        if number not in self._named and self._first[number] is not task:
            self._named[number] = self._names.of_object(subject, at.site())
        return LibraryCall(self._count, at.function, type(subject).__name__, number)

    def _number(self, subject: object, task: Task) -> int:
        for number, known in enumerate(self._subjects):
            if known is subject:
                return number
        self._subjects.append(subject)
        self._first.append(task)
        return len(self._subjects) - 1
