"""Whether a failing run needs a build without GIL.

The trace says of every step whether a GIL build could have let others in since the task's step before. A run was shrunk to switch as
late as it can, but it would have failed just so with a switch anywhere between the task's two operations that make the race. So it is asked of all
steps from the one to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_racecheck.analysis.events import events_of
from pytest_racecheck.analysis.windows import Window, windows_of
from pytest_racecheck.model.trace import TraceStep


@dataclass(frozen=True, slots=True)
class Opening:
    """Two operations of one task between which others came; `switchable` with a GIL, None where that depends."""

    before: TraceStep
    after: TraceStep
    switchable: bool | None


def openings(trace: Sequence[TraceStep]) -> list[Opening]:
    """Those that begin with a preemption and have a conflict before and after it."""
    events = events_of(trace)
    found = (_opening(window, trace) for window in windows_of(trace, events) if window.preempted)
    return [opening for opening in found if opening is not None]


def _opening(window: Window, trace: Sequence[TraceStep]) -> Opening | None:
    if not window.before or not window.after:
        return None
    before, after = window.before[-1], window.after[0]
    own = [
        step.switchable
        for step in trace
        if step.task == window.task and before.number < step.number <= after.number
    ]
    possible = True if True in own else None if None in own else False
    return Opening(before.step, after.step, possible)
