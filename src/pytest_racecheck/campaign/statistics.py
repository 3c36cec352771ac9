"""The exact confidence interval of a failure rate.

Clopper and Pearson (Biometrika, 1934): the interval holds every rate under which the observed count would not be
surprising on either side. It never promises more than the runs bear out, also at 0 of n, where the usual normal
approximation claims certainty. The bounds are found by bisection on the binomial tail itself, so no beta quantile
and no numeric library is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.95
_ROUNDS = 60


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
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    whole = math.lgamma(runs + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(runs - k + 1)
            + k * log_rate
            + (runs - k) * log_rest
        )
        for k in range(count + 1)
    )
