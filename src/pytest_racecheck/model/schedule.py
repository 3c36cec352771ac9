"""Which task goes on, at every point where more than one could.

Written down sparsely: by default the current task goes on, and where it cannot, the lowest number that can. Only what
deviates from that is kept, so the schedule of a run of a million steps with one preemption is one pair of numbers, and
shrinking is taking deviations away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Deviation(NamedTuple):
    """At choice number `step`, counted from 0, task number `task` goes on instead of the default one."""

    step: int
    task: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The deviations of one run, in the order of their steps."""

    deviations: tuple[Deviation, ...] = ()

    @classmethod
    def of(cls, pairs: object) -> Schedule:
        """A schedule from pairs of step and task."""
        return cls(tuple(Deviation(*pair) for pair in pairs))  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self.deviations)

    def __str__(self) -> str:
        """The deviations as `step:task`, or "default"."""
        return " ".join(f"{step}:{task}" for step, task in self.deviations) or "default"
