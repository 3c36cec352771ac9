"""Move switches earlier where that is cheaper.

A task that others wait for may be let in before them, and then they need not be interrupted; by default it would come too late.
"""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Shrinker
from pytest_racecheck.model.schedule import Deviation

# As far as this it looks for the choice at which the others must wait.
_FARTHEST = 2


def move_earlier(shrinker: Shrinker) -> None:
    """Move each deviation, and all that follow, a little earlier."""
    for index in range(len(shrinker.deviations)):
        for distance in range(1, _FARTHEST + 1):
            deviations = shrinker.deviations
            earliest = deviations[index - 1].step + 1 if 0 < index <= len(deviations) else 0
            if index < len(deviations) and deviations[index].step - distance >= earliest:
                shrinker.consider(
                    deviations[:index]
                    + tuple(Deviation(step - distance, task) for step, task in deviations[index:])
                )
