"""The steps of a trace in words, those that tell something: one row each.

Only what the race is about gets a row: operations on what two tasks touched and one of them wrote, exceptions, and, where the run got
stuck or little else happened, locks and the like. A call of the library's is one row, however many locks it takes, and a second one where
others came in between. Where two things would have the same name, each is called by the expression that reached it.
"""

from __future__ import annotations

import ast
import linecache
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_racecheck.analysis.events import Event, events_of
from pytest_racecheck.model.operation import ADVANCES, Kind
from pytest_racecheck.model.trace import Action, TraceStep, Waiting, to_blame
from pytest_racecheck.model.wording import shortened
from pytest_racecheck.report.places import Places

_FEW_ROWS = 16
_LOCKING = frozenset({Action.ACQUIRE, Action.RELEASE})
# What was written is not always known.
_STORES = frozenset({Kind.STORE_ATTR, Kind.STORE_GLOBAL, Kind.STORE_CELL, Kind.STORE_ITEM})
_ALWAYS = frozenset({Action.RAISE, Action.COLLECT})
_LONGEST_VALUE = 60
_MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One step in words: whose it is, where, what, and what there is to add."""

    task: str
    where: str
    text: str
    note: str = ""


def rows_of(trace: Sequence[TraceStep], waiting: Sequence[Waiting], places: Places) -> list[Row]:
    """The rows, in the order in which it all happened; those that wait come last."""
    chosen = _telling(trace, waiting)
    numbers = LockNumbers(trace, waiting)
    rows = list(_merged(_Rows(chosen, places, numbers).all()))
    return [*rows, *_waits(numbers.told_apart(waiting), places)]


def _merged(rows: Iterable[Row]) -> Iterator[Row]:
    """A call that raised is one row with its exception."""
    held: Row | None = None
    for row in rows:
        if held is not None and _is_raised_by(held, row):
            held = replace(held, note=row.note)
            continue
        if held == row:
            # One call that consists of several operations.
            continue
        if held is not None:
            yield held
        held = row
    if held is not None:
        yield held


def _is_raised_by(row: Row, raised: Row) -> bool:
    return (
        raised.note.startswith("raises ")
        and (row.task, row.where) == (raised.task, raised.where)
        and row.text.endswith(")")
        and row.text in raised.text
    )


def _bounded(steps: list[TraceStep]) -> list[TraceStep]:
    """Nobody reads more."""
    return steps if len(steps) <= 2 * _MOST_STEPS else [*steps[:_MOST_STEPS], *steps[-_MOST_STEPS:]]


def _telling(trace: Sequence[TraceStep], waiting: Sequence[Waiting]) -> list[TraceStep]:
    events = events_of(trace)
    shared = _shared(events)
    undone = set(_undone(trace))
    told = {event.number for event in events if event.key in shared} - undone
    chosen = [step for step in trace if step.number in told or step.action in _ALWAYS]
    others = list(_synchronising(trace, told, waiting))
    if waiting or len(chosen) + len(others) <= _FEW_ROWS:
        chosen += others
    return _bounded(sorted(chosen, key=lambda step: step.number))


def _undone(trace: Sequence[TraceStep]) -> Iterator[int]:
    """The writes that raised instead: their rows are those of the exceptions."""
    last: dict[str, TraceStep] = {}
    for step in trace:
        before = last.get(step.task)
        last[step.task] = step
        raised = step.action is Action.RAISE and step.site is not None
        if raised and before is not None and before.action is Action.WRITE:
            yield before.number


def _shared(events: Iterable[Event]) -> set[tuple[str, int]]:
    """What two tasks touched and one of them wrote, other than to make it while nobody else was there."""
    tasks: dict[tuple[str, int], set[str]] = defaultdict(set)
    written: set[tuple[str, int]] = set()
    for event in events:
        tasks[event.key].add(event.task)
        was_alone = len(event.step.enabled) == 1 and len(tasks[event.key]) == 1
        if event.writes and not was_alone:
            written.add(event.key)
    return {key for key in written if len(tasks[key]) > 1}


def _synchronising(
    trace: Sequence[TraceStep], told: set[int], waiting: Sequence[Waiting]
) -> Iterator[TraceStep]:
    """Locks taken and given back, and library calls that order things: each once, those that did not come to an end not at all."""
    unfinished = {(one.task, one.position, one.operation) for one in waiting}
    touched: dict[int, set[str]] = defaultdict(set)
    for step in trace:
        if step.resource is not None:
            touched[step.resource].add(step.task)
    calls = {step.call.number for step in trace if step.number in told and step.call is not None}
    for step in trace:
        call = step.call
        if call is not None:
            is_open = (step.task, step.position, call.function) in unfinished
            if call.number not in calls and call.name is not None and not is_open:
                calls.add(call.number)
                yield step
        elif _is_own_lock(step) and (waiting or len(touched[step.resource or 0]) > 1):
            yield step


def _is_own_lock(step: TraceStep) -> bool:
    return step.action in _LOCKING and step.resource is not None and step.position is not None


class LockNumbers:
    """Tells locks apart that have the same name, such as the `Account.lock` of two accounts, by numbers in the order of the run."""

    def __init__(self, trace: Sequence[TraceStep], waiting: Sequence[Waiting]) -> None:
        self._known: dict[str, list[int]] = defaultdict(list)
        for step in trace:
            if step.action in _LOCKING and step.call is None:
                self._add(step.name, step.resource)
        for one in waiting:
            self._add(one.resource, one.subject)

    def _add(self, name: str | None, number: int | None) -> None:
        if name is not None and number is not None and number not in self._known[name]:
            self._known[name].append(number)

    def named(self, name: str, number: int | None) -> str:
        """The name, with a number where it needs one."""
        known = self._known.get(name, [])
        return f"{name} #{known.index(number) + 1}" if len(known) > 1 and number in known else name

    def told_apart(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """The same, with numbers after the names that need them."""
        return [
            one
            if one.resource is None
            else replace(one, resource=self.named(one.resource, one.subject))
            for one in waiting
        ]


class _Rows:
    """Puts steps into words; `steps` are all that are shown."""

    def __init__(self, steps: Sequence[TraceStep], places: Places, numbers: LockNumbers) -> None:
        self._steps = steps
        self._places = places
        self._numbers = numbers
        by_name: dict[str, set[int]] = defaultdict(set)
        for step in steps:
            if step.name is not None and step.resource is not None and step.call is None:
                by_name[step.name].add(step.resource)
        self._ambiguous = {name for name, numbers in by_name.items() if len(numbers) > 1}

    def all(self) -> Iterator[Row]:
        """A row for each step."""
        return map(self._row, self._steps)

    def _row(self, step: TraceStep) -> Row:
        where = _where(step, self._places)
        if step.action is Action.RAISE:
            line = _line(step)
            raised = f"raises {step.value}"
            return Row(step.task, where, line, raised) if line else Row(step.task, where, raised)
        if step.action is Action.COLLECT:
            return Row(step.task, where, "garbage is collected")
        if step.call is not None:
            return Row(step.task, where, _called(step))
        if step.action in _LOCKING:
            name = self._numbers.named(step.name or "a lock", step.resource)
            return Row(step.task, where, f"{step.action.value} {name}", step.value or "")
        if step.action in (Action.READ, Action.WRITE) and step.value is not None:
            return self._access(step, where)
        if step.action is Action.WRITE and step.site is not None and step.site.kind in _STORES:
            return Row(step.task, where, f"{self._name(step)} ← …", self._overwritten(step))
        if step.action is Action.CALL and step.site is not None:
            text = _source(step) or _function(step) or self._name(step)
            note = f"{self._name(step)} is then {_short(step.value)}" if _says(step.value) else ""
            return Row(step.task, where, text, note)
        if step.action is Action.WRITE and step.site is not None and step.site.kind in ADVANCES:
            return Row(step.task, where, _line(step))
        return Row(step.task, where, _source(step) or self._name(step) or step.action.value)

    def _access(self, step: TraceStep, where: str) -> Row:
        if step.action is Action.READ:
            source = _source(step)
            # A method that only looks: its call says more than what it is called on.
            called = source.endswith(")") and _is_item(step)
            name = source if called else self._name(step)
            return Row(step.task, where, f"{name} → {_short(step.value)}")
        return Row(
            step.task, where, f"{self._name(step)} ← {_short(step.value)}", self._overwritten(step)
        )

    def _name(self, step: TraceStep) -> str:
        name = step.name or ""
        if name in self._ambiguous:
            source = _source(step)
            if source and not source.endswith(")"):
                return source
        return _last_part(name)

    def _overwritten(self, step: TraceStep) -> str:
        """Of a write that undoes another task's: whose."""
        earlier = [s for s in self._steps if s.resource == step.resource and s.number < step.number]
        own = [s.number for s in earlier if s.task == step.task]
        if not own:
            return ""
        lost = [s for s in earlier if s.number > own[-1] and s.action is Action.WRITE]
        if not lost:
            return ""
        return f"overwrites {lost[-1].task}'s {_short(lost[-1].value) or 'write'}"


def _last_part(name: str) -> str:
    """The attribute of a dotted name; what is quoted or in brackets is no part of that."""
    head, bracket, rest = name.partition("[")
    if "'" in head or '"' in head:
        return name
    return head.rpartition(".")[2] + bracket + rest


def _waits(waiting: Sequence[Waiting], places: Places) -> Iterator[Row]:
    """What each task waits for that could not go on; not that the main task waits for all of them."""
    for one in to_blame(waiting):
        where = ""
        if one.position is not None:
            where = places.short(one.position.file, one.position.line)
        holder = "itself" if one.holder == one.task else one.holder
        note = f"held by {holder}" if holder and one.operation != "join" else ""
        yield Row(one.task, where, str(one), note)


def _is_item(step: TraceStep) -> bool:
    return step.site is not None and step.site.kind is Kind.LOAD_ITEM


def _where(step: TraceStep, places: Places) -> str:
    return places.short(step.position.file, step.position.line) if step.position else ""


def _says(value: str | None) -> bool:
    """Whether a value is more than the name of its class."""
    return bool(value) and not str(value).startswith("<")


def _short(value: str | None) -> str:
    return shortened(value or "", _LONGEST_VALUE)


def _function(step: TraceStep) -> str:
    """What is done to a file where the source does not say so: that a walk lists a folder."""
    name = step.name or ""
    return f"{step.site.name}({name})" if step.site is not None and name.startswith("'") else ""


def _line(step: TraceStep) -> str:
    """The line that it stands on."""
    if step.position is None:
        return ""
    return shortened(linecache.getline(step.position.file, step.position.line).strip())


def _called(step: TraceStep) -> str:
    """A library call: of a `with` what it does, else the call in the source."""
    call = step.call
    assert call is not None
    if call.function in ("acquire", "release") and call.name:
        return f"{call.function} {call.name}"
    source = _source(step)
    return source if source.endswith(")") else str(call)


def _source(step: TraceStep) -> str:
    """The expression in the source, of a call the call itself; "" where it is more than one line."""
    site = step.site
    if site is None or site.columns[0] < 0 or site.columns[1] != site.line:
        return ""
    line = linecache.getline(site.file, site.line).encode()
    text = line[site.columns[0] : site.columns[2]].decode(errors="replace").strip()
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return ""
    if site.kind is Kind.CALL and not isinstance(tree, ast.Call):
        return ""
    return text
