"""Where a task was interrupted: what it had done, what others did meanwhile, and what it did next.

A shrunk schedule interrupts a task only where it must, and as late as it can. So of a failing run the windows that begin with a preemption are
the race, and the first thing a task does afterwards that matters to anybody is one half of it. A task that had to wait in between,
for a lock say, was interrupted too; such windows count where the others show nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_racecheck.analysis.events import Event
from pytest_racecheck.model.trace import Action, TraceStep

# Of a long run only what is closest to the failure and to the interruption is looked at.
_MOST_WINDOWS = 50
_MOST_EVENTS = 50

#: Task, whether it was preempted, and the numbers of the first step of others, of its own next one, and after its last one.
Interruption = tuple[str, bool, int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """One interruption of `task`: its events before, those of others meanwhile, and its own until it was interrupted again.

    Of its own only those count that conflict with what the others did. `preempted`: it could have gone on.
    """

    task: str
    preempted: bool
    before: tuple[Event, ...]
    meanwhile: tuple[Event, ...]
    after: tuple[Event, ...]

    def last_before(self, other: Event) -> Event | None:
        """The task's own latest event before that `other` conflicts with."""
        return next((own for own in reversed(self.before) if own.conflicts(other)), None)


def windows_of(trace: Sequence[TraceStep], events: Sequence[Event]) -> list[Window]:
    """Every interruption, the preemptions first, and of each sort the latest first."""
    found = list(_interruptions(trace))
    ordered = sorted(found, key=lambda one: (not one[1], -one[2]))
    ordered = [one for sort in (True, False) for one in _first(ordered, preempted=sort)]
    windows = (_window(one, events) for one in ordered)
    return [window for window in windows if window.meanwhile]


def _first(found: Sequence[Interruption], *, preempted: bool) -> list[Interruption]:
    return [one for one in found if one[1] is preempted][:_MOST_WINDOWS]


def _interruptions(trace: Sequence[TraceStep]) -> Iterator[Interruption]:
    preempted = {(step.number, step.preempted) for step in trace if step.preempted is not None}
    for task in dict.fromkeys(step.task for step in trace):
        own = [step for step in trace if step.task == task]
        gaps = [(a.number + 1, b.number) for a, b in pairwise(own) if b.number > a.number + 1]
        ends = [*(start for start, _ in gaps[1:]), len(trace)]
        for (start, end), stop in zip(gaps, ends[: len(gaps)], strict=True):
            was_preempted = (start, task) in preempted
            # Of a task that just waited for the others, what it asserts in the end was not interrupted.
            if was_preempted or trace[end].action is not Action.RAISE:
                yield task, was_preempted, start, end, stop


def _window(interruption: Interruption, events: Sequence[Event]) -> Window:
    task, preempted, start, end, stop = interruption
    meanwhile = [e for e in events if e.task != task and start <= e.number < end]
    touched = {event.key for event in meanwhile}
    changed = {event.key for event in meanwhile if event.writes}
    own = [
        e
        for e in events
        if e.task == task and (e.key in changed or (e.writes and e.key in touched))
    ]
    return Window(
        task,
        preempted,
        tuple([e for e in own if e.number < start][-_MOST_EVENTS:]),
        tuple(meanwhile),
        tuple([e for e in own if end <= e.number < stop][:_MOST_EVENTS]),
    )
