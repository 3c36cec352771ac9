"""The search for a schedule that fails alike with fewer preemptions than shrinking has come down to.

Taking deviations away ends in a local minimum (see `strategies/bounded.py`). So schedules with fewer preemptions are tried, the fewest first:
those without any one after the other as far as they are few, all others at random, until hardly any new one turns up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pytest_racecheck.campaign.shrink import Attempt
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.strategies.bounded import Bounded
from pytest_racecheck.strategies.collecting import Collecting
from pytest_racecheck.strategies.orders import Orders
from pytest_racecheck.strategies.past_cold import PastCold
from pytest_racecheck.strategies.protocol import Strategy

FEWER_RUNS = 600
FEWER_SECONDS = 2.0
MOST_ORDERS = 24
# So many schedules in a row that had been drawn before, and there are hardly any others: after that many times as many as are known, and one more,
# another one that is as likely as each of these would have been missed with a probability of 1 %.
NOTHING_NEW = 30
NOTHING_NEW_EACH = 5

Replayed = Callable[..., Attempt]


def fewer_preemptions(first: Attempt, replay: Replayed, controlled: Controlled) -> Attempt:
    """A schedule that fails alike with fewer preemptions than `first`; `first` where none turns up within two seconds."""
    end = time.monotonic() + FEWER_SECONDS
    for preemptions in range(first.preemptions):
        for attempt in _with(preemptions, first, replay, controlled):
            if attempt.failed_alike and attempt.preemptions < first.preemptions:
                return attempt
            if time.monotonic() > end:
                return first
    return first


def past_cold(strategy: Strategy, controlled: Controlled) -> PastCold:
    """`strategy`, asked only at places that matter, and about tasks alone."""
    inner = Collecting(strategy) if controlled.collects else strategy
    return PastCold(inner, controlled.points.is_cold)


def _with(
    preemptions: int, first: Attempt, replay: Replayed, controlled: Controlled
) -> Iterator[Attempt]:
    """Schedules with so many preemptions."""
    if not preemptions and not controlled.collects:
        orders = Orders()
        strategy = past_cold(orders, controlled)
        for _ in range(MOST_ORDERS):
            yield replay(first.schedule, strategy)
            if orders.exhausted:
                return
    bounded = Bounded(preemptions, max(1, controlled.profile.choices))
    yield from _drawn(lambda: replay(first.schedule, past_cold(bounded, controlled)))


def _drawn(draw: Callable[[], Attempt]) -> Iterator[Attempt]:
    seen: set[Schedule] = set()
    nothing_new = 0
    for _ in range(FEWER_RUNS):
        if nothing_new > min(NOTHING_NEW, NOTHING_NEW_EACH * (len(seen) + 1)):
            return
        attempt = draw()
        yield attempt
        nothing_new = nothing_new + 1 if attempt.schedule in seen else 0
        seen.add(attempt.schedule)
