"""A race is a schedule that fails and another one that passes, each of them every time.

To shrink a failure repeats it only until it has failed as often as there are steps to take, which may be twice. A program that draws lots where
nobody sees it, a test that is merely flaky, comes through that one time in four. So in the end both schedules are repeated side by side. What fails half of
the time comes through six repeats of each with a probability of 2**-12.

A run in which nobody can go on needs none of this: whatever led to it, who waits for whom is a fact.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from pytest_racecheck.campaign.explanation import Explanation, schedule_of
from pytest_racecheck.campaign.sameness import CAUSES
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.strategies.replay import Replay

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.controlled import Controlled
    from pytest_racecheck.strategies.protocol import Strategy

# How often each is repeated: as often as goes into so many seconds, within these bounds.
_SECONDS = 0.1
_FEWEST, _MOST = 3, 12


@dataclass(frozen=True, slots=True)
class Passed:
    """A run that has passed, and what does the same again."""

    run: int
    again: Strategy


def doubt(controlled: Controlled, explanation: Explanation, passed: Passed) -> str:
    """Why the failure, or the run that passed, is not what its schedule makes of the program; "" where both are."""
    failure = explanation.failure
    failing = failure.schedule
    if not isinstance(failing, Schedule):
        return ""
    rounds, generator, passing = _FEWEST, Random(0), passed.again
    began = time.monotonic()
    number = 0
    while number < rounds:
        if controlled.run(passing, generator, passed.run, full=True).errors:
            return f"schedule {passed.run} passed, but not when it was repeated; likely causes: {CAUSES}"
        passing = Replay(schedule_of(controlled))
        again = controlled.run(Replay(failing), generator, failure.run, full=True)
        if again.failure_key != explanation.key:
            return f"schedule {failure.run} failed, but not each time when it was repeated; likely causes: {CAUSES}"
        number += 1
        if number == 1:
            took = max(time.monotonic() - began, 1e-6)
            rounds = max(_FEWEST, min(_MOST, int(2 * _SECONDS / took)))
    return ""
