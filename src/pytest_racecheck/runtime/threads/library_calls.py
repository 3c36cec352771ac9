"""Which steps belong to one call of the standard library.

A frame that has returned cannot be told from a new one at the same address, and to keep it would keep its variables alive. So two
steps are taken to be of one call when frame and caller are at the same addresses, the caller stands at the same instruction, and the frame has
not gone back: a second call of a loop begins again at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_racecheck.model.trace import LibraryCall
from pytest_racecheck.runtime.threads.library import Frames

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.resource_names import ResourceNames
    from pytest_racecheck.runtime.threads.task import Task

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Latest(Generic[T]):
    """The call that a task was in at its last step: which frames, how far, and as what it is known."""

    frames: tuple[int, int, int]
    reached: int
    call: T


class OngoingCalls(Generic[T]):
    """Which call each task is in; `make` says as what a new one is known."""

    def __init__(self, make: Callable[[Task, Frames], T]) -> None:
        self._make = make
        self._latest: dict[Task, _Latest[T]] = {}

    def of(self, task: Task, at: Frames) -> T | None:
        """The call that `task` is in at a step of its own; None where it is in none."""
        user, outer = at.user, at.outer
        if user is None or outer is None:
            return None
        frames = (id(outer), id(user), user.f_lasti)
        latest = self._latest.get(task)
        if latest is not None and latest.frames == frames and outer.f_lasti >= latest.reached:
            self._latest[task] = replace(latest, reached=outer.f_lasti)
            return latest.call
        call = self._make(task, at)
        self._latest[task] = _Latest(frames, outer.f_lasti, call)
        return call


class LibraryCalls:
    """The library calls of one run; the objects they are made on are kept until it is over.

    `key_of` says what other processes know an object by, None for one that this process alone has.
    """

    def __init__(self, names: ResourceNames, key_of: Callable[[Any], Hashable | None]) -> None:
        self._names = names
        self._key_of = key_of
        self._subjects: list[Any] = []
        self._by_key: dict[Hashable, int] = {}
        self._first: list[Task] = []
        self._named: dict[int, str] = {}
        self._told: dict[tuple[Task, int], int] = {}
        self._count = 0
        self.of = OngoingCalls(self._new).of

    def told(self, task: Task, told: tuple[int, str, str, Hashable, str]) -> LibraryCall:
        """The call that a task of another process has told of, with a number that is its own there."""
        number, function, owner, key, name = told
        if (task, number) not in self._told:
            self._count += 1
            self._told[task, number] = self._count
        subject = self._number(key, key, task)
        self._named.setdefault(subject, name)
        return LibraryCall(self._told[task, number], function, owner, subject)

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
        key = self._key_of(subject)
        number = self._number(subject, key, task)
        if number not in self._named and self._first[number] is not task:
            self._named[number] = self._names.of_object(subject, at.site())
        return LibraryCall(self._count, at.function, type(subject).__name__, number)

    def _number(self, subject: object, key: Hashable | None, task: Task) -> int:
        if key in self._by_key:
            return self._by_key[key]
        number = len(self._subjects)
        if key is not None:
            self._by_key[key] = number
        else:
            known = (place for place, one in enumerate(self._subjects) if one is subject)
            number = next(known, number)
        if number == len(self._subjects):
            self._subjects.append(subject)
            self._first.append(task)
        return number
