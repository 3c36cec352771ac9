"""The default schedule: what happens where nobody decides otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_racecheck.strategies.base import Base
from pytest_racecheck.strategies.protocol import AnyTask


class Default(Base):
    """The current task goes on as long as it can, then the one with the lowest number: a schedule without deviations."""

    name = "default"

    def choose(self, enabled: Sequence[AnyTask], current: AnyTask | None) -> AnyTask:
        """The current task, else the lowest."""
        return enabled[0] if current is None else current
