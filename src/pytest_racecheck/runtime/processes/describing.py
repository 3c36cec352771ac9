"""What tasks wait for on things that processes share, when nobody can go on.

A task of another process is asked itself: only there its frames can be read, which say what the program has called. Who would have to let it is
known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.trace import Position, Waiting
from pytest_racecheck.runtime.processes.answers import method_asked_for
from pytest_racecheck.runtime.processes.semaphore_model import SemaphoreModel

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.hub import Hub
    from pytest_racecheck.runtime.threads.task import Task


_NOTIFIED = frozenset({"wait", "wait_for"})


class Describing:
    """Puts the waits of one run that is stuck into words; each process is asked once."""

    def __init__(self, hub: Hub, *, named: bool) -> None:
        self._hub = hub
        self._named = named
        self._asked: dict[str, dict[int, tuple[Any, ...]]] = {}

    def waiting(self, task: Task) -> Waiting | None:
        """What `task` waits for; None where the process that schedules can tell by itself."""
        wait = task.wait
        assert wait is not None
        found = self._from_its_process(task)
        request = task.told
        if found is None and request is None:
            return None
        operation, name, owner, notified, position, holder, since = found or (
            wait.operation, None, "", False, None, None, None,
        )  # fmt: skip
        if request is not None:
            position = position or request.place
            if name is None and request.told is not None:
                name = request.told.name
            if request.what == "serve":
                # What its server waits for is made of locks, which nobody knows of.
                operation = method_asked_for(request.rest[2])
                notified = operation in _NOTIFIED
        if not notified:
            holder, since = _held(task, operation, holder, since)
        if wait.operation == "join":
            name = name or "process"
        return Waiting(
            task=task.name,
            operation=operation,
            resource=name,
            position=_position(position),
            holder=holder,
            held_since=_position(since),
            daemon=task.daemon,
            owner=owner,
            subject=None if task.resource is None else task.resource.number,
            notified=notified,
        )

    def _from_its_process(self, task: Task) -> tuple[Any, ...] | None:
        member = next((one for one in self._hub.members if task in one.tasks), None)
        if member is None:
            return None
        if member.ticket not in self._asked:
            self._asked[member.ticket] = member.describe(self._named)
        return self._asked[member.ticket].get(member.tasks.index(task))


def _held(task: Task, operation: str, holder: Any, since: Any) -> tuple[Any, Any]:
    """Who would have to let `task` go on, and since where, if it is known here; what is known of that so far is given."""
    wait = task.wait
    assert wait is not None
    model = wait.subject
    if isinstance(model, SemaphoreModel):
        return None if model.holder is None else model.holder.name, model.taken_at
    if wait.holder is None:
        return holder, since
    held_by = wait.holder() if callable(wait.holder) else wait.holder
    if held_by is not task or operation == "acquire":
        holder = None if held_by is None else held_by.name
    return holder, since or getattr(model, "taken_at", None)


def _position(plain: Any) -> Position | None:
    return plain if plain is None or isinstance(plain, Position) else Position(*plain)
