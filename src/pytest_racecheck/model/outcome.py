"""How one run ended, and what went wrong in it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pytest_racecheck.model.explored import Explored
from pytest_racecheck.model.operation import Site

# What an exception means for the run it was raised in: a failure of the program, a pass (a skipped test), or that the whole
# campaign must end (Ctrl-C).
Judgement = Literal["failure", "pass", "abort"]


class Outcome(enum.Enum):
    """How a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    DEADLOCK = "deadlock"
    LIVELOCK = "livelock"
    POTENTIAL_DEADLOCK = "potential deadlock"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class TaskError:
    """What went wrong in one task.

    `kind` is the outcome it gives the run, `position` the file and line where it was raised or where the task stood.
    `summary` is one line and equal for equal errors, so that runs can be
    counted by it. `details` is the traceback or the stack, as text. `exception` is the exception itself where it
    was raised in this process or could be brought here.
    """

    task: str
    kind: Outcome
    summary: str
    details: str = ""
    exception: BaseException | None = None
    position: tuple[str, int] | None = None

    @property
    def key(self) -> tuple[str, str, tuple[str, int] | None]:
        """Equal for errors that count as the same failure."""
        return (self.kind.value, self.summary, self.position)


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a trace: a task stood before an operation.

    Under jitter `delay` is how long it was held there, in seconds; `alone`: it was the only task that was left, or the first.
    """

    task: str
    point: int
    site: Site
    delay: float
    alone: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """What happened in one run.

    `trace` is in order for each task; under jitter the order between tasks is not known. `concurrent`: it started a task
    besides the main one. `overlapped`: in a control run, a task had not ended when the next one started. `active_tasks`
    counts those that passed a scheduling point. `titles`: what the program itself calls its tasks, by task name.
    """

    run: int
    outcome: Outcome
    errors: tuple[TaskError, ...] = ()
    trace: tuple[Step, ...] = ()
    seconds: float = 0.0
    tasks: tuple[str, ...] = ()
    concurrent: bool = False
    overlapped: bool = False
    not_covered: tuple[str, ...] = ()
    leaked: tuple[str, ...] = ()
    active_tasks: int = 0
    explored: Explored | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """No task failed."""
        return self.outcome is Outcome.PASSED

    @property
    def hung(self) -> bool:
        """Some task did not end in time."""
        return self.outcome is Outcome.POTENTIAL_DEADLOCK

    @property
    def key(self) -> frozenset[tuple[str, str, tuple[str, int] | None]]:
        """Equal for runs that failed in the same way."""
        return frozenset(error.key for error in self.errors)

    def summary(self) -> str:
        """The line by which outcomes are counted."""
        if self.passed:
            return Outcome.PASSED.value
        return (
            "; ".join(dict.fromkeys(error.summary for error in self.errors)) or self.outcome.value
        )

    def slim(self) -> RunResult:
        """The same run without its exceptions, whose tracebacks keep the program's objects alive, and their details."""
        errors = tuple(replace(error, exception=None, details="") for error in self.errors)
        return replace(self, errors=errors)

    def long_holds(self) -> Iterator[Step]:
        """The steps at which the run was held up for at least half as long as its longest delay."""
        longest = max((step.delay for step in self.trace), default=0.0)
        return (step for step in self.delays() if step.delay >= longest / 2)

    def delays(self) -> Iterator[Step]:
        """The steps at which the run was held up."""
        return (step for step in self.trace if step.delay > 0)
