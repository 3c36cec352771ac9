"""The further runs on which a failing campaign is judged, and the time they may take.

After a hang there is little time, and another hang would use it up. So then a run counts as hung much sooner, whichever kind
of run it is: that keeps them comparable.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_racecheck.model.outcome import RunResult
from pytest_racecheck.runtime.jitter.delays import CALM_RUNS, Profile

if TYPE_CHECKING:
    from pytest_racecheck.campaign.jitter import JitterCampaign
    from pytest_racecheck.runtime.jitter.world import World

_SHORTEST_GRACE = 0.5
_LONGEST_GRACE = 5.0
_USUAL = 3
# Repeats of failed runs: until so many have failed again, or at most so many.
_ENOUGH_REPEATS = 4
_MOST_REPEATS = 40
_ENOUGH_HANGS = 2
# Runs of each kind where two kinds are compared: with slow tasks, and with delays that were had before.
_SLOW_RUNS_EACH = 12
_REPEATED_EACH = 24
# Seconds that a judgement may take at least after a hang, and by how many it may exceed the budget then; and in how many a run
# then has to end, unless the calm one took long.
_AFTER_HANG = 3.0
_BEYOND = 2.5
_HUNG_SOON = 0.4
_SLOW_RUNS = 10

# The number of a run, whose delays it has, or the profile that it has instead.
Kind = tuple[int, Profile | None]


@dataclass(slots=True)
class Tally:
    """How many of some runs failed."""

    failures: int = 0
    runs: int = 0

    @classmethod
    def of(cls, results: Iterable[RunResult]) -> Tally:
        """The tally of runs that were made."""
        tally = cls()
        for result in results:
            tally.add(result)
        return tally

    def add(self, result: RunResult) -> None:
        """Count one more."""
        self.runs += 1
        self.failures += not result.passed

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.failures + other.failures, self.runs + other.runs)

    @property
    def rate(self) -> float:
        """The share of the runs that failed."""
        return self.failures / self.runs if self.runs else 0.0


class Trial:
    """Makes control runs (`controls`) and repeats of failed runs with their delays (`repeats`), as long as there is time.

    `share` is how much of that time may go into many control runs. Control runs are serial, one task after another, until `control_calmly` says otherwise.
    """

    def __init__(
        self, campaign: JitterCampaign, program: Callable[[World], None], share: float = 1.0
    ) -> None:
        self.campaign = campaign
        self.controls = Tally()
        self.repeats = Tally()
        self._program = program
        self._share = share
        self._failed = [result.run for result in campaign.results if not result.passed]
        self._next_failed = itertools.cycle(self._failed)
        self._hung = any(result.hung for result in campaign.results)
        self._usual = max(
            (r.seconds for r in campaign.results[:CALM_RUNS] if r.passed), default=0.0
        )
        self._serial: float | None = self._grace()
        budget = campaign.budget
        # All judgements of a campaign together may take as long as it may itself.
        left = min(budget.seconds, 2 * budget.seconds - budget.spent)
        if self._hung:
            left = max(budget.seconds - budget.spent + _BEYOND, _AFTER_HANG)
        self._end = time.monotonic() + left
        self._spent = 0.0
        self._leaked = False

    def control(self) -> bool:
        """Make a control run, whatever the time; whether its tasks did not overlap, so that it counts."""
        began = time.monotonic()
        result = self._run(self._failed[0], Profile.CALM, self._serial)
        self._spent += time.monotonic() - began
        if self._serial is not None and result.overlapped:
            return False
        self.controls.add(result)
        return True

    def control_again(self) -> None:
        """Make another control run, if there is time."""
        if self._left() > 0:
            self.control()

    def control_until(self, count: int, over: Callable[[Tally], bool]) -> None:
        """Have `count` control runs, or as many as there is time for; none where that is hopeless, or it is `over` anyway.

        Hopeless is what would take more than the share of the time that is worth it.
        """
        made = max(1, self.controls.runs)
        if (count - made) * self._spent / made > self._left() * self._share:
            count = min(count, made + 1)
        while self.controls.runs < count and self._left() > 0 and not over(self.controls):
            self.control()

    def control_calmly(self, made: Tally) -> None:
        """From now on control runs are concurrent, but without delays, `made` among them; repeat only runs that had some."""
        self._serial = None
        self.controls = made
        self._spent = 0.0
        self._next_failed = itertools.cycle([run for run in self._failed if run > CALM_RUNS])

    @property
    def wants_repeats(self) -> bool:
        """Whether further repeats would tell more, and there is time for one."""
        if self._leaked or self._left() <= 0 or self.repeats.runs >= _MOST_REPEATS:
            return False
        return self.repeats.failures < (_ENOUGH_HANGS if self._hung else _ENOUGH_REPEATS)

    def repeat(self) -> None:
        """Repeat the next of the failed runs, with its delays."""
        # The first run recorded what is instrumented by now; the other calm one stands for both.
        result = self._run(max(next(self._next_failed), CALM_RUNS))
        self.repeats.add(result)
        self._leaked = bool(result.leaked) and not result.passed

    def compare_slow_tasks(self) -> tuple[Tally, Tally]:
        """How often it fails when all tasks but the main one are slow, and how often when that is."""
        numbers = range(CALM_RUNS + 1, CALM_RUNS + 1 + _SLOW_RUNS_EACH)
        return self._compare(
            [(run, Profile.OTHERS) for run in numbers], [(run, Profile.MAIN) for run in numbers]
        )

    def compare_delays(self) -> tuple[Tally, Tally]:
        """How often it fails now with the delays of runs that failed, and how often with those of runs that passed."""
        jittered = self.campaign.results[CALM_RUNS:]
        kinds = ([r.run for r in jittered if r.passed is passed] for passed in (False, True))
        failed, passed = (itertools.islice(itertools.cycle(runs), _REPEATED_EACH) for runs in kinds)
        return self._compare([(run, None) for run in failed], [(run, None) for run in passed])

    def _compare(self, one: list[Kind], other: list[Kind]) -> tuple[Tally, Tally]:
        """Make runs of two kinds, in random order and not in turn: a program may fail every other time.

        None where the program hangs: there is no time for so many.
        """
        tallies = Tally(), Tally()
        rounds = [
            (tally, kind)
            for tally, kinds in zip(tallies, (one, other), strict=True)
            for kind in kinds
        ]
        random.Random(self.campaign.seed).shuffle(rounds)
        for tally, (run, profile) in rounds if one and other and not self._hung else ():
            if self._left() > 0 and not self._leaked:
                result = self._run(run, profile)
                tally.add(result)
                self._leaked = bool(result.leaked) and not result.passed
        return tallies

    def _run(
        self, run: int, profile: Profile | None = None, serial: float | None = None
    ) -> RunResult:
        limit = self._deadline()
        plan = self.campaign.plan(run, serial=serial, profile=profile, limit=limit)
        return self.campaign.run(self._program, plan).slim()

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _grace(self) -> float:
        if self._hung:
            return _SHORTEST_GRACE
        return min(max(_SHORTEST_GRACE, _USUAL * self._usual), _LONGEST_GRACE)

    def _deadline(self) -> float | None:
        """After a hang, much shorter than the campaign's own."""
        if not self._hung:
            return None
        return min(max(_HUNG_SOON, _SLOW_RUNS * self._usual), max(self._left(), _HUNG_SOON))
