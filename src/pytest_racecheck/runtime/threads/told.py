"""Steps that were told by whoever does them, as entries of a trace: operations on what processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.operation import Access, Kind, Site
from pytest_racecheck.model.trace import Action, Position, TraceStep

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.task import Task

_ACTIONS = {action.name: action for action in Action}
_CALLS = frozenset({Kind.CALL, Kind.ENTER, Kind.EXIT})


def told_step(task: Task, number: int, circumstances: dict[str, Any]) -> TraceStep:
    """The pending operation of `task` as a step."""
    request = task.told
    told, place = request.told, request.place
    kind = None if told is None else told.kind
    return TraceStep(
        number=number,
        task=task.name,
        action=_action(kind, writes=request.writes),
        access=Access.WRITE if request.writes else Access.READ,
        position=None if place is None else Position(*place),
        site=None if place is None or told is None else _site(told, place),
        resource=None if task.resource is None else task.resource.number,
        value=None if told is None else told.value,
        **circumstances,
    )


def _action(kind: str | None, *, writes: bool) -> Action:
    if kind in _ACTIONS:
        return _ACTIONS[kind]
    if kind is None or Kind[kind] in _CALLS:
        return Action.CALL
    return Action.WRITE if writes else Action.READ


def _site(told: Any, place: Any) -> Site:
    kind = Kind.CALL if told.kind in _ACTIONS else Kind[told.kind]
    file, line, function = place
    return Site(kind, told.spelled, file, line, function, tuple(told.columns))
