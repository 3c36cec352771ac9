"""From a failing run to a failure that can be shown: spelled out, shrunk, recorded, and put into a token.

Each step is a replay, and only a replay that fails alike counts. A failure that does not come again when its own schedule is repeated
is not a function of the schedule; it is reported as that, and accuses nobody.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pytest_racecheck.analysis.kind import kind_of
from pytest_racecheck.campaign.fewer_preemptions import Replayed, fewer_preemptions, past_cold
from pytest_racecheck.campaign.replaying import describer, token_of
from pytest_racecheck.campaign.sameness import CAUSES
from pytest_racecheck.campaign.shrink import Attempt, shrink
from pytest_racecheck.model.result import Failure
from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.runtime.threads.run import Run
from pytest_racecheck.strategies.bounded import Bounded
from pytest_racecheck.strategies.focus import focus_of
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.replay import Replay
from pytest_racecheck.strategies.through_cold import ThroughCold
from pytest_racecheck.strategies.witness import Witness

SHRINK_RUNS = 500
SHRINK_SECONDS = 4.0
FEWEST_REPLAYS = 40
MOST_SECONDS = 30.0
# As many tries as that in any case, and more where they take no time.
HEAD_STARTS = 16
HEAD_START_SECONDS = 1.0
MOST_HEAD_STARTS = 100
MOST_HEAD_START_SECONDS = 10.0
# So many with 2, 4, 8, ... preemptions, as long as that is so many times fewer than there were.
HEAD_STARTS_EACH = 8
FAR_FEWER = 4


@dataclass(frozen=True, slots=True)
class Explanation:
    """A failure and whether its schedule brings it about again; `reason` says so where it does not. `key` is the same for failures alike."""

    failure: Failure
    replayed: bool
    reason: str = ""
    key: object = None


def explain(controlled: Controlled, run: Run) -> Explanation:
    """The failure of `run`, which has just ended."""
    key = run.failure_key
    found = schedule_of(controlled)
    generator = Random(0)

    def replay(schedule: Schedule, strategy: Strategy | None = None) -> Attempt:
        again = controlled.run(strategy or Replay(schedule), generator, run.number, full=True)
        scheduler = controlled.scheduler
        return Attempt(
            failed_alike=again.failure_key == key,
            schedule=schedule_of(controlled),
            preemptions=scheduler.preemptions,
            switches=scheduler.switches,
            choices=scheduler.choices,
        )

    began = time.monotonic()
    spelled_out = replay(found, as_it_went(controlled))
    if not spelled_out.failed_alike:
        return _unfaithful(controlled, run)
    took = time.monotonic() - began
    begun = _head_start(spelled_out, replay, controlled)
    seconds = _shrink_seconds(begun, took)
    smallest = shrink(begun, replay, runs=SHRINK_RUNS, seconds=seconds)
    if smallest.preemptions:
        fewer = fewer_preemptions(smallest, replay, controlled)
        if fewer is not smallest:
            smallest = shrink(fewer, replay, runs=SHRINK_RUNS, seconds=seconds)
    witness = Witness(Replay(smallest.schedule), describer(controlled))
    # To find names the whole heap is gone through again and again: without what the many replays have left there.
    gc.collect(0)
    shown = controlled.run(witness, generator, run.number, recorded=True)
    if shown.failure_key != key:
        return _unfaithful(controlled, run)
    token = str(token_of(witness, controlled))
    return Explanation(failure_of(shown, token), replayed=True, key=key)


def _shrink_seconds(begun: Attempt, took: float) -> float:
    """Where a run takes long, time for as many replays as a short program needs at least; for fewer where the rest is only looks."""
    replays = FEWEST_REPLAYS if begun.preemptions > 1 else FEWEST_REPLAYS // 2
    return max(SHRINK_SECONDS, min(MOST_SECONDS, replays * took))


def _head_start(first: Attempt, replay: Replayed, controlled: Controlled) -> Attempt:
    """A schedule that fails alike with far fewer preemptions, if one of a few turns up, the fewest first.

    Most races need one, and where there are many tasks, or a run takes long, to come down to it takes far longer than to hit it.
    """
    choices = max(1, controlled.profile.choices)
    focus = focus_of(controlled.profile)
    began = time.monotonic()
    for number, preemptions in enumerate(_bounds(first.preemptions)):
        seconds = HEAD_START_SECONDS if preemptions == 1 else MOST_HEAD_START_SECONDS
        if number >= HEAD_STARTS and time.monotonic() > began + seconds:
            continue
        in_order = number % 2 == 0
        # Of its many operations few may be the program's own, and the race be among those.
        focused = focus if number % 4 < 2 else None
        if focused is not None:
            bounded = Bounded(preemptions, focused.times, in_order=in_order, at=focused.points)
        else:
            bounded = Bounded(preemptions, choices, in_order=in_order)
        attempt = replay(first.schedule, past_cold(bounded, controlled))
        if focused is None:
            choices = max(choices, bounded.asked)
        if attempt.failed_alike and attempt.preemptions < first.preemptions:
            return attempt
    return first


def _bounds(preemptions: int) -> Iterator[int]:
    """How many preemptions to try, one after the other, to come to fewer than these."""
    if preemptions > 1:
        yield from [1] * MOST_HEAD_STARTS
    bound = 2
    while bound * FAR_FEWER <= preemptions:
        yield from [bound] * HEAD_STARTS_EACH
        bound *= 2


def as_it_went(controlled: Controlled) -> Strategy:
    """Does what the last run did where every place is a point, and some were cold in that run."""
    points, again = controlled.points, Replay(schedule_of(controlled))
    return again if points.watching else ThroughCold(again, points.cold_before().__contains__)


def schedule_of(controlled: Controlled) -> Schedule:
    """What the last run did, as deviations."""
    return Schedule(tuple(Deviation(*pair) for pair in controlled.scheduler.deviations))


def failure_of(run: Run, token: str | None) -> Failure:
    """The failure of a recorded run, and what repeats it, if anything does."""
    result = run.result()
    explored = result.explored
    assert explored is not None
    kind, resource = kind_of(result)
    return Failure(
        kind=kind,
        resource=resource,
        exception=next((e.exception for e in result.errors if e.exception is not None), None),
        run=run.number,
        result=result,
        schedule=explored.schedule,
        preemptions=explored.preemptions,
        switches=explored.switches,
        token=token,
    )


def _unfaithful(controlled: Controlled, run: Run) -> Explanation:
    result = run.result()
    first = result.errors[0]
    failure = Failure(
        kind=result.outcome.value,
        resource=None,
        exception=first.exception,
        run=run.number,
        result=result,
        schedule=schedule_of(controlled),
    )
    reason = f"schedule {run.number} failed ({first.summary}), but not when it was repeated; likely causes: {CAUSES}"
    return Explanation(failure, replayed=False, reason=reason)
