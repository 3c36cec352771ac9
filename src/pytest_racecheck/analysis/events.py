"""A trace as what the program's author sees: what was read and written, with the library's calls as single operations.

`jobs.empty()` and `jobs.get_nowait()` are, in the trace, a lock taken and given back inside of the queue. To reason about them they are
operations on the queue itself: the first only asks, the second changes it. Locks that the program takes itself are left out: what
they guard is what counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pytest_racecheck.analysis.conditions import asks
from pytest_racecheck.model.operation import Access, Kind
from pytest_racecheck.model.trace import DATABASES, FILES, Action, TraceStep

SYNCHRONISING = frozenset(
    {Action.ACQUIRE, Action.RELEASE, Action.START, Action.END, Action.JOIN, Action.WAIT, Action.WAKE,
     Action.SLEEP, Action.TIMEOUT, Action.COLLECT}
)  # fmt: skip
# Methods that are asked for their answer's sake; those with underscores are those of proxies, which the tests of `if` and `while` call.
_ASKING = frozenset(
    {
        "empty",
        "full",
        "qsize",
        "is_set",
        "locked",
        "is_alive",
        "done",
        "running",
        "cancelled",
        "__contains__",
        "__len__",
        "__bool__",
        "listdir",
        "scandir",
    }
)
# Methods whose purpose is to wait for somebody or to keep others out.
_ORDERING = frozenset(
    {"acquire", "release", "wait", "wait_for", "notify", "notify_all", "join", "start", "result", "shutdown",
     "submit", "map", "task_done"}
)  # fmt: skip

_OF_ATTRIBUTES = frozenset({Kind.LOAD_ATTR, Kind.STORE_ATTR, Kind.DELETE_ATTR})
_OUTSIDE = frozenset({FILES, DATABASES})

#: A resource, or an object that the library's methods are called on.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Event:
    """One operation on something shared. `asks`: its value decides about something; `calls`: it is a method call, not a plain store.

    `content`: by a call, but what it reads or writes is a value: that of a file or of a database. `names`: what it writes is which names there are in
    a folder.
    """

    step: TraceStep
    key: Key
    name: str | None
    writes: bool
    asks: bool
    calls: bool
    content: bool = False
    names: bool = False

    @property
    def task(self) -> str:
        """Whose it is."""
        return self.step.task

    @property
    def number(self) -> int:
        """Its place in the trace."""
        return self.step.number

    def conflicts(self, other: Event) -> bool:
        """Whether the order of the two matters."""
        return self.key == other.key and self.task != other.task and (self.writes or other.writes)


def events_of(trace: Sequence[TraceStep]) -> list[Event]:
    """What happened, in order; a library call counts once, where it begins."""
    events: list[Event] = []
    calls: set[int] = set()
    listed = {step.resource for step in trace if step.access is not Access.WRITE}
    listed |= {one.resource for step in trace for one in step.beside if not one.writes}
    attributes = {
        step.resource
        for step in trace
        if step.site is not None and step.site.kind in _OF_ATTRIBUTES
    }
    for step in trace:
        if step.call is not None:
            if step.call.number not in calls:
                calls.add(step.call.number)
                events += _of_call(step)
        elif step.resource is None or step.position is None:
            # What the library does on threads of its own is nobody's doing.
            continue
        elif step.action not in SYNCHRONISING:
            events += _beside(step, listed)
            events.append(_of_step(step, step.resource, step.resource in attributes))
    return events


def _of_call(step: TraceStep) -> list[Event]:
    call = step.call
    assert call is not None
    if call.subject is None or call.function in _ORDERING:
        return []
    looks = call.function in _ASKING
    asking = looks or (step.site is not None and asks(step.site))
    return [Event(step, ("object", call.subject), call.name, not looks, asking, calls=True)]


def _beside(step: TraceStep, listed: Collection[int | None]) -> Iterator[Event]:
    """What else it does. The names in a folder that nobody lists are nobody's business."""
    for one in step.beside:
        if not one.names or one.resource in listed:
            yield Event(
                step, ("resource", one.resource), one.name, one.writes, asks=False, calls=True, names=one.names
            )  # fmt: skip


def _of_step(step: TraceStep, resource: int, is_attribute: bool) -> Event:
    """To call `object.__setattr__` is to write the attribute."""
    writes = step.access is Access.WRITE
    site = step.site
    called = site is not None and site.kind is Kind.CALL
    plain = step.action in (Action.READ, Action.WRITE)
    looks = called and site is not None and site.name in _ASKING
    return Event(
        step=step,
        key=("resource", resource),
        name=step.name if step.file is None else repr(step.file),
        writes=writes and not looks,
        asks=looks or (not writes and site is not None and asks(site)),
        calls=not is_attribute and (step.action is Action.CALL or (called and not plain)),
        content=(called and plain) or (step.name in _OUTSIDE and step.action is Action.CALL),
    )
