"""How long a campaign may go on."""

from __future__ import annotations

import time

from pytest_racecheck.model.settings import DEFAULT_SCHEDULES, DEFAULT_SECONDS, Settings

# While a campaign is on, the module itself holds a controlled one.
_monotonic = time.monotonic


class Budget:
    """Runs and seconds, whichever ends first; the clock starts when the budget is made."""

    def __init__(self, settings: Settings, runs: int = DEFAULT_SCHEDULES) -> None:
        self.runs = settings.schedules or runs
        self.seconds = settings.seconds or DEFAULT_SECONDS
        self._began = _monotonic()

    @property
    def spent(self) -> float:
        """Seconds since the campaign began."""
        return _monotonic() - self._began

    def allows(self, run: int) -> bool:
        """Whether run number `run`, counted from 1, may begin."""
        return run <= self.runs and self.spent < self.seconds
