"""What failure counts bear out, exactly: the interval of a rate, and whether one rate is higher than another.

Clopper and Pearson (Biometrika, 1934): the interval holds every rate under which the observed count would not be
surprising on either side. It never promises more than the runs bear out, also at 0 of n, where the usual normal
approximation claims certainty. The bounds are found by bisection on the binomial tail itself, so no beta quantile
and no numeric library is needed.

Two rates are compared by Fisher's exact test, one-sided: were all runs alike, how often would so many of the failures fall
among the runs of the first kind by chance? It holds for any rates and any counts, however small. It is sums of whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.95
_ROUNDS = 60
_NEGLIGIBLE = 1e-18


def exact_interval(failures: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper-Pearson interval for `failures` of `runs`; (0, 1) when there were no runs."""
    if runs == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = (
        0.0 if failures == 0 else _rate_at(lambda p: 1 - _cumulative(failures - 1, runs, p) < tail)
    )
    high = 1.0 if failures == runs else _rate_at(lambda p: _cumulative(failures, runs, p) > tail)
    return low, high


def excess_by_chance(failures: int, runs: int, control_failures: int, control_runs: int) -> float:
    """How likely so many failures among `runs`, and so few among `control_runs`, are where both kinds of run are alike."""
    failed = failures + control_failures
    most = min(failed, runs)
    ways = sum(
        math.comb(runs, k) * math.comb(control_runs, failed - k) for k in range(failures, most + 1)
    )
    return ways / math.comb(runs + control_runs, failed)


def passes_needed(failures: int, runs: int, level: float) -> int:
    """How many control runs have to pass, all of them, before `failures` of `runs`, one at least, are no accident."""
    assert failures > 0, "what never failed is never more than what never failed"
    too_few, enough = 0, 1
    while excess_by_chance(failures, runs, 0, enough) > level:
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if excess_by_chance(failures, runs, 0, middle) > level:
            too_few = middle
        else:
            enough = middle
    return enough


def _rate_at(too_low: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if too_low(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _cumulative(count: int, runs: int, rate: float) -> float:
    """The chance of at most `count` failures in `runs` at that rate."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 1.0 if count >= runs else 0.0
    if count > runs * rate:
        return 1.0 - _below_mean(runs - count - 1, runs, 1 - rate)
    return _below_mean(count, runs, rate)


def _below_mean(count: int, runs: int, rate: float) -> float:
    """The same, of a count that is no more than the mean.

    From there on down the terms only fall, so those that matter are few, however many runs there were.
    """
    if count < 0:
        return 0.0
    term = math.exp(
        math.lgamma(runs + 1) - math.lgamma(count + 1) - math.lgamma(runs - count + 1)
        + count * math.log(rate) + (runs - count) * math.log1p(-rate)
    )  # fmt: skip
    odds, total = (1 - rate) / rate, 0.0
    for k in range(count, -1, -1):
        total += term
        if term <= total * _NEGLIGIBLE:
            break
        term *= k / (runs - k + 1) * odds
    return total
