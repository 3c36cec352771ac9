"""What happened in an explored run, step by step, as plain data."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_racecheck.model.operation import Access, Site

#: What threads share of the world outside is called so, as a whole.
FILES = "files"
DATABASES = "databases"
#: The value of an attempt to take a lock that somebody else has.
IN_VAIN = "in vain"


class Action(enum.Enum):
    """What a step does, as the report says it."""

    READ = "read"
    WRITE = "write"
    CALL = "call"
    ACQUIRE = "acquire"
    RELEASE = "release"
    START = "start"
    END = "end"
    JOIN = "join"
    WAIT = "wait"
    WAKE = "wake"
    SLEEP = "sleep"
    TIMEOUT = "timeout"
    RAISE = "raise"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the source: where a step stands, or where its caller in scope does."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """A call of the standard library by the program, of which a step is part: `jobs.get_nowait()` takes two locks.

    `number` is equal for the steps of one call. `function` is what was called, `owner` the type that has it, "" for plain functions,
    and `subject` the number of the object it was called on, equal for equal objects of the run; `name` is what the source calls that.
    """

    number: int
    function: str
    owner: str = ""
    subject: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.name}.{self.function}()" if self.name else f"{self.function}()"


@dataclass(frozen=True, slots=True)
class Beside:
    """Something else that the operation of a step touches: a file that it moves away, the names in a folder (`names`) that it changes."""

    resource: int
    name: str
    writes: bool
    names: bool = False


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One operation of one task.

    `number` counts the steps of the run from 0; `choice` is the number of the choice that let it happen, None where nobody else
    could go on. `resource` is the number of what it touches, equal for equal resources of the run, and `name` what the source calls
    it. `value` is what was read or written, as text, or IN_VAIN of a lock that was asked for and not had. `enabled` are the tasks that could have gone on. `preempted` is the
    task that was interrupted, though it could have gone on, to let this one do its step. `call` is the library call it is part of.
    `switchable`: whether a GIL build of this interpreter, too, could have let others in between this task's previous step and this
    one; None where that depends. `file` is the name of the file that a call of a thread is given. An exception has the `site` of the
    task's step before it if that is what raised.
    """

    number: int
    task: str
    action: Action
    access: Access
    position: Position | None
    site: Site | None = None
    choice: int | None = None
    resource: int | None = None
    name: str | None = None
    value: str | None = None
    enabled: tuple[str, ...] = ()
    preempted: str | None = None
    call: LibraryCall | None = None
    switchable: bool | None = None
    file: str | None = None
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that could not go on when the run was stuck.

    `operation` is what it wanted to do ("acquire", "join", "get", ...), on `resource`; `holder` is the task that would have to let it,
    None where nobody in particular; `held_since` is where the holder acquired it. `owner` is the type of the resource, and `subject` its
    number if it is a lock; of other things a number below zero, equal for equal ones. `notified`: it waits to be told of something, as in `Condition.wait`, and not for a lock or a thread.
    """

    task: str
    operation: str
    resource: str | None
    position: Position | None
    holder: str | None = None
    held_since: Position | None = None
    daemon: bool = False
    owner: str = ""
    subject: int | None = None
    notified: bool = False

    def __str__(self) -> str:
        if self.operation in ("acquire", "join") and not self.notified:
            return f"waits to {self.operation} {self.resource or ''}".rstrip()
        on = f"{self.resource.removeprefix('a ')}." if self.resource else ""
        return f"waits in {on}{self.operation}()"


def to_blame(waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """Those that wait, without tasks that only join others and that nobody waits for: they are stuck because the others are."""
    holders = {one.holder for one in waiting}
    found = tuple(one for one in waiting if one.operation != "join" or one.task in holders)
    return found or tuple(waiting)


def cycle_of(waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """Tasks that wait for each other in a circle, from the first that is in one; empty if none do."""
    by_task = {one.task: one for one in waiting}
    for start in waiting:
        path: list[Waiting] = []
        one: Waiting | None = start
        while one is not None and one not in path:
            path.append(one)
            one = by_task.get(one.holder) if one.holder is not None else None
        if one is start:
            return tuple(path)
    return ()
