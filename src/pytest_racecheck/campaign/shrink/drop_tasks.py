"""Leave tasks out."""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Shrinker


def drop_tasks(shrinker: Shrinker) -> None:
    """Take away all deviations towards one task: it then goes on when the others have nothing left to do."""
    for task in sorted({deviation.task for deviation in shrinker.deviations}, reverse=True):
        shrinker.consider(it for it in shrinker.deviations if it.task != task)
