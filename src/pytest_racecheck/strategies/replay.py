"""Replay: the choices of a schedule that is known."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_racecheck.model.profile import Profile
from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.change_points import NEVER
from pytest_racecheck.strategies.protocol import AnyTask


class Replay(Base):
    """Follows the deviations of `schedule`, and the default wherever it has none.

    Where the task it names cannot go on, the default one does, and the deviation is kept in `missed`; `pending` are those that the
    run has not come to. A faithful replay leaves both empty.
    """

    name = "replay"

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._rewind()

    def begin(self, random: Random, profile: Profile) -> None:
        self._rewind()

    def _rewind(self) -> None:
        self.missed: list[Deviation] = []
        self._step = 0
        self._ahead = list(reversed(self.schedule.deviations))
        self._next = self._ahead[-1].step if self._ahead else NEVER

    @property
    def pending(self) -> tuple[Deviation, ...]:
        """The deviations that the run has not come to."""
        return tuple(reversed(self._ahead))

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The task that the schedule has here, else the default one."""
        step = self._step
        self._step = step + 1
        if step == self._next:
            chosen = self._deviate(enabled)
            if chosen is not None:
                return chosen
        return enabled[0] if current is None else current

    def _deviate(self, enabled: Sequence[AnyTask]) -> AnyTask | None:
        ahead = self._ahead
        deviation = ahead.pop()
        self._next = ahead[-1].step if ahead else NEVER
        for task in enabled:
            if task.index == deviation.task:
                return task
        self.missed.append(deviation)
        return None
