"""Where a task was stuck that made no steps any more: in a call out of control, or computing on and on."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.threads.stuck import position_of, source_at

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler

_OURS = "pytest_racecheck."


@dataclass(frozen=True, slots=True)
class StuckCall:
    """Which task was stuck where: `inner` is the innermost Python frame but for ours, `position` the innermost one in scope.

    `computes`: nothing held it, it just did not come to a step for so many seconds. `stranger`: it goes on and on, and who may let it
    go is a thread of that name that is no task.
    """

    task: str
    inner: Position
    position: Position | None
    seconds: float
    computes: bool = False
    stranger: str = ""

    @classmethod
    def at(
        cls, scheduler: Scheduler, task: str, frame: FrameType | None, seconds: float, *, computes: bool = False, stranger: str = "",
    ) -> StuckCall:  # fmt: skip
        """The call in which `frame` stands, not counting frames of our own."""
        while frame is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
            frame = frame.f_back
        inner = Position("?", 0, "?")
        if frame is not None:
            inner = Position(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)
        return cls(task, inner, position_of(scheduler, frame), seconds, computes, stranger)

    @property
    def line(self) -> str:
        """The source line of the call, as the project spells it."""
        return source_at(self.position or self.inner)

    @property
    def where(self) -> str:
        """The place and its source line, and what of the library it is in."""
        place = self.position or self.inner
        within = "" if place == self.inner else f" (in {self.inner.function}, {self.inner})"
        return f"{place}: {self.line}{within}"

    def __str__(self) -> str:
        if self.computes:
            return f"{self.task} computes without end ({self.seconds:g} s and no scheduling point), at {self.where}"
        if self.stranger:
            return (
                f"{self.task} may be waiting for {self.stranger}, which is no task, at {self.where}"
            )
        return f"{self.task} blocks, out of control, at {self.where}"

    def error(self) -> TaskError:
        """As what went wrong in a run."""
        place = self.position or self.inner
        kind = Outcome.LIVELOCK if self.computes else Outcome.POTENTIAL_DEADLOCK
        return TaskError(
            task=self.task,
            kind=kind,
            summary=f"{kind.value}: {self}",
            details=f"nothing had moved for {self.seconds:g} s" if self.seconds else "",
            position=(place.file, place.line),
        )
