"""Delta debugging (Zeller and Hildebrandt, 2002): take away what the failure does not need."""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Shrinker


def ddmin(shrinker: Shrinker) -> None:
    """Take away runs of deviations, ever shorter ones, until each single one is needed.

    From the end to the beginning: a deviation that goes shifts what comes after it, which then may fail to be what it was.
    """
    size = (len(shrinker.deviations) + 1) // 2
    while size:
        end = len(shrinker.deviations)
        while end > 0:
            start = max(0, end - size)
            deviations = shrinker.deviations
            shrinker.consider(deviations[:start] + deviations[end:])
            end = min(start, len(shrinker.deviations))
        size //= 2
