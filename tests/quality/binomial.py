"""What a count of failing runs allows to say about the rate behind it, exactly."""

from __future__ import annotations

import math


def most(runs: int, rate: float, chance: float) -> int:
    """The least count that a rate of `rate` or less exceeds with a probability below `chance`."""
    if rate >= 1:
        return runs
    tail, count = 0.0, runs
    while count > 0 and tail + _weight(runs, count, rate) < chance:
        tail += _weight(runs, count, rate)
        count -= 1
    return count


def least(runs: int, rate: float, chance: float) -> int:
    """The greatest count that a rate of `rate` or more falls short of with a probability below `chance`."""
    return runs - most(runs, 1 - rate, chance)


def _weight(runs: int, count: int, rate: float) -> float:
    if rate <= 0:
        return float(count == 0)
    log = math.lgamma(runs + 1) - math.lgamma(count + 1) - math.lgamma(runs - count + 1)
    return math.exp(log + count * math.log(rate) + (runs - count) * math.log1p(-rate))
