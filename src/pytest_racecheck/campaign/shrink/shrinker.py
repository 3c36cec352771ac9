"""The smallest failing schedule found so far, and what is left of the budget for finding a smaller one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from pytest_racecheck.campaign.shrink.attempt import Attempt, sort_key
from pytest_racecheck.model.schedule import Deviation, Schedule

Deviations = tuple[Deviation, ...]


class Exhausted(Exception):
    """There are no runs or no seconds left."""


class ShrinkPass(Protocol):
    """One way to make a schedule smaller: tries some, all derived from `shrinker.current`, until it has none left."""

    def __call__(self, shrinker: Shrinker) -> None: ...


class Shrinker:
    """Replays schedules and keeps the smallest, never trying one twice.

    `current` is what passes start from, and `best` the smallest of all. Attempts that failed alike with as many preemptions and switches as
    the current one, without being smaller, are remembered: other places to start from when it gets no smaller.
    """

    def __init__(
        self,
        first: Attempt,
        replay: Callable[[Schedule], Attempt],
        runs: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.best = self.current = first
        self._sideways: list[Attempt] = []
        self._key = sort_key(first)
        self._replay = replay
        self._left = runs
        self._clock = clock
        self._end = clock() + seconds
        self._tried = {first.schedule.deviations}
        self._begun = {first.schedule}

    @property
    def deviations(self) -> Deviations:
        """Those of the current schedule."""
        return self.current.schedule.deviations

    def consider(self, deviations: Iterable[Deviation]) -> bool:
        """Replay a schedule of these deviations; whether it became the current one, being smaller. Raises Exhausted for want of budget."""
        wanted = tuple(deviations)
        if wanted in self._tried:
            return False
        if not self._left or self._clock() >= self._end:
            raise Exhausted
        self._left -= 1
        self._tried.add(wanted)
        attempt = self._replay(Schedule(wanted))
        return attempt.failed_alike and self._compare(attempt)

    def _compare(self, attempt: Attempt) -> bool:
        key = sort_key(attempt)
        if key < self._key:
            self.start_from(attempt)
            return True
        if key[:2] == self._key[:2]:
            self._sideways.append(attempt)
        return False

    def start_from(self, attempt: Attempt) -> None:
        """Make `attempt` the current one, and the best if it is."""
        self.current, self._key = attempt, sort_key(attempt)
        self._tried.add(attempt.schedule.deviations)
        self._begun.add(attempt.schedule)
        if self._key < sort_key(self.best):
            self.best = attempt

    def go_sideways(self) -> bool:
        """Make the latest attempt that is as good as the best, if not smaller, the current one; False when there is none left."""
        while self._sideways:
            attempt = self._sideways.pop()
            as_good = sort_key(attempt)[:2] == sort_key(self.best)[:2]
            if as_good and attempt.schedule not in self._begun:
                self.start_from(attempt)
                return True
        return False
