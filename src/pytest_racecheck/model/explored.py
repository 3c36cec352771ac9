"""What the explore engine knows of one run, beyond its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.model.trace import TraceStep, Waiting


@dataclass(frozen=True, slots=True)
class Explored:
    """One run under a schedule.

    `choices` counts the points at which two tasks or more could go on, `steps` all points. `preemptions` are the switches away from a
    task that could have gone on; `switches` all of them. `order` is equal for equal happens-before orders, within one process.
    `trace` is empty unless the run was recorded. `waiting` are the tasks that could not go on, where the run was stuck. `uncontrolled`
    names what tasks waited for that the engine could not control.
    """

    schedule: Schedule
    choices: int
    steps: int
    preemptions: int
    switches: int
    order: int
    trace: tuple[TraceStep, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    uncontrolled: tuple[str, ...] = ()
