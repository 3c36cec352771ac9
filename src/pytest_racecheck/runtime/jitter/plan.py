"""What one run of a program needs to know before it starts; travels to its children as it is."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_racecheck.instrument.recorder import CodeKey
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.jitter.delays import RunDelays


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run: its delays, its limits, and the code to instrument.

    `deadline` is how many seconds the run may take before whatever still runs counts as hung. `serial` makes it a control
    run: each task is given up to that many seconds to end before the next one starts, so that nothing overlaps.
    `keys` names the code to instrument, None in the first run, which records it instead. `directory` is where child
    processes leave their accounts. `switch_interval` is the interpreter's for the run, in seconds; None leaves it alone.
    """

    delays: RunDelays
    deadline: float
    scope: Scope
    directory: str
    keys: frozenset[CodeKey] | None = None
    serial: float | None = None
    switch_interval: float | None = None
