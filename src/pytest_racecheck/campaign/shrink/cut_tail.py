"""Cut off what comes after the failing point."""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Shrinker


def cut_tail(shrinker: Shrinker) -> None:
    """Keep the first deviations only: none, one, two, four, ... of them.

    What matters comes before the failure and mostly at once, so the first prefix that fails is short, and doubling gets there in
    a few runs also where it is not.
    """
    whole = shrinker.deviations
    keep = 0
    while keep < len(whole):
        if shrinker.consider(whole[:keep]):
            return
        keep = 2 * keep or 1
