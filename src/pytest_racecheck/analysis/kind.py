"""What kind of race a failing run shows, and on what.

The run was shrunk before, so little in it is accident: a task was interrupted between two operations, and what others did meanwhile
is what broke it. Each interruption is compared with these shapes, the most telling first; `x` and `y` are shared.

- lost update: it read x; others wrote x; it wrote what it had made of the old x. Or it wrote x, others wrote x, and it reads theirs.
- check then act: it asked for x; others changed x; it acted on the old answer.
- use after close: the same, and what the others did was to close something.
- torn read: others read x after, but y before it wrote them; or it read x before, and y after others wrote them.
- stale read: it read x, and others changed it meanwhile.
- order violation: nobody was interrupted in a way that matters; the tasks came in the wrong order.

Where nobody could go on, it is a deadlock if tasks wait for each other, and a lost wake-up if one waits to be told what nobody is going to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from pytest_racecheck.analysis.conditions import is_known, is_made_into
from pytest_racecheck.analysis.events import Event, Key, events_of
from pytest_racecheck.analysis.windows import Window, windows_of
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.trace import TraceStep, Waiting, cycle_of, to_blame

_CLOSING = re.compile(
    r"clos|shut|dispos|destroy|releas|finali[sz]|stopp|terminat|disconnect", re.IGNORECASE
)
_REMOVING = frozenset({"unlink", "remove", "rmdir"})
_TOLD_BY_NOTIFYING = frozenset({"Condition", "Event", ""})

#: Kinds of which the run itself shows that something came between two steps of a task.
INTERLEAVED = frozenset(
    {"lost update", "check then act", "torn read", "stale read", "use after close"}
)

Found = tuple[str, str | None]
Shape = Callable[[Window], Found | None]


def kind_of(result: RunResult) -> Found:
    """The kind of race, and the resource as the source spells it (None where none can be told)."""
    explored = result.explored
    assert explored is not None
    trace = explored.trace
    if explored.waiting:
        return _kind_of_waiting(explored.waiting)
    if result.outcome is Outcome.LIVELOCK:
        return "livelock", _last_conflict(events_of(trace))
    return _kind_of_trace(trace, result)


def _kind_of_waiting(waiting: Sequence[Waiting]) -> Found:
    cycle = cycle_of(waiting)
    if cycle:
        return "deadlock", cycle[0].resource
    stuck = to_blame(waiting)
    deaf = [one for one in stuck if one.notified]
    blocked = [one for one in stuck if one.holder in {other.task for other in deaf}]
    if [one for one in blocked if one.operation != "join"]:
        return "deadlock", blocked[0].resource
    if deaf and all(one.owner in _TOLD_BY_NOTIFYING for one in deaf):
        return "lost wake-up", deaf[0].resource
    return "deadlock", next((one.resource for one in stuck if one.resource), None)


def _kind_of_trace(trace: Sequence[TraceStep], result: RunResult) -> Found:
    events = events_of(trace)
    windows = windows_of(trace, events)
    for shapes in ((_lost_update, _torn_at_once, _acted, _torn), (_stale, _overwritten)):
        for window in windows:
            found = next(filter(None, (shape(window) for shape in shapes)), None)
            if found is not None:
                return found if found[0] != "check then act" else _closed(found, window, result)
    return "order violation", _last_conflict(events)


def _lost_update(window: Window) -> Found | None:
    """Read, written by others, written by itself."""
    for after in window.after:
        changed = _change(window, after) if after.writes else None
        read = None if changed is None else window.last_before(changed)
        if read is None or read.writes or read.key != after.key or _only_removes(after):
            continue
        # A file is written by opening it, or by having another one take its place.
        if after.calls and not (read.content or _is_made_of(after, read)):
            continue
        if _first_touch(window, after) and not _asked_only(read, after):
            return "lost update", after.name
    return None


def _only_removes(after: Event) -> bool:
    """What it writes is nothing that could be made of what was read: a file goes, or names come and go in a folder."""
    site = after.step.site
    return after.names or (after.calls and site is not None and site.name in _REMOVING)


def _asked_only(read: Event, after: Event) -> bool:
    return not _is_made_of(after, read) and (read.asks or (read.calls and not read.content))


def _is_made_of(after: Event, read: Event) -> bool:
    """Whether the source shows that what was read is in what is written."""
    first, second = read.step.site, after.step.site
    if first is None or second is None:
        return False
    return is_known(first) and is_made_into(first, second)


def _first_touch(window: Window, after: Event) -> bool:
    """It did not look again in between."""
    return next(own for own in window.after if own.key == after.key) is after


def _acted(window: Window) -> Found | None:
    """Asked, changed by others, and gone on with."""
    for asked in reversed(window.before):
        if asked.asks and not asked.writes and _changes(window, asked):
            own = [later for later in window.before if later.number > asked.number]
            # Who takes the files off its list one by one has not listed them again.
            if not any(later.key == asked.key and not later.names for later in own):
                return "check then act", asked.name
    return None


def _torn(window: Window) -> Found | None:
    """Half of a change seen: others came between two writes, or between two reads."""
    return next((("torn read", after.name) for _, after in _torn_pairs(window)), None)


def _torn_at_once(window: Window) -> Found | None:
    """The same, by one line: what it read first it has not asked for by itself."""
    for before, after in _torn_pairs(window):
        together = before.step.position == after.step.position
        if together and not after.writes and not before.asks:
            return "torn read", after.name
    return None


def _torn_pairs(window: Window) -> Iterator[tuple[Event, Event]]:
    for after in window.after:
        seen = [other for other in window.meanwhile if other.conflicts(after)]
        if not seen or not _first_touch(window, after):
            continue
        for before in reversed(window.before):
            met = [other for other in window.meanwhile if other.conflicts(before)]
            same = {one.task for one in met} & {other.task for other in seen}
            if same and _is_torn(before, after, met, seen):
                yield before, after


def _is_torn(before: Event, after: Event, met: Sequence[Event], seen: Sequence[Event]) -> bool:
    if before.writes and after.writes:
        return any(not other.writes for other in met) and any(not other.writes for other in seen)
    if not before.writes and not after.writes and before.key != after.key:
        return any(other.writes for other in met) and any(other.writes for other in seen)
    return False


def _stale(window: Window) -> Found | None:
    """Read, and changed by others while it went on."""
    for read in reversed(window.before):
        if not read.writes and _changes(window, read):
            return "stale read", read.name
    return None


def _overwritten(window: Window) -> Found | None:
    """Written, written by others, and read."""
    for after in window.after:
        changed = None if after.writes else _change(window, after)
        own = None if changed is None else window.last_before(changed)
        if changed is None or own is None or not own.writes or own.key != after.key:
            continue
        if not _is_as_before(own, changed):
            return "lost update", after.name
    return None


def _is_as_before(own: Event, changed: Event) -> bool:
    """Whether what others have written last is what it was before they came: of one's own nothing is lost then."""
    value = own.step.value
    return value is not None and "..." not in value and value == changed.step.value


def _changes(window: Window, own: Event) -> bool:
    return any(other.writes and other.key == own.key for other in window.meanwhile)


def _change(window: Window, own: Event) -> Event | None:
    """The last write of others to the same thing."""
    return next((e for e in reversed(window.meanwhile) if e.writes and e.key == own.key), None)


def _closed(found: Found, window: Window, result: RunResult) -> Found:
    words = [error.summary for error in result.errors]
    words += list(_what_others_did(window, found[1]))
    return ("use after close", found[1]) if any(map(_CLOSING.search, words)) else found


def _what_others_did(window: Window, name: str | None) -> Iterator[str]:
    for event in window.meanwhile:
        if event.writes and event.name == name:
            if event.name is not None:
                yield event.name.rpartition(".")[2]
            if event.step.position is not None:
                yield event.step.position.function.rpartition(".")[2]


def _last_conflict(events: Sequence[Event]) -> str | None:
    """The last thing that one task wrote and another touched."""
    tasks: dict[Key, set[str]] = defaultdict(set)
    written: set[Key] = set()
    found = None
    for event in events:
        tasks[event.key].add(event.task)
        if event.writes:
            written.add(event.key)
        if event.name is not None and event.key in written and len(tasks[event.key]) > 1:
            found = event.name
    return found
