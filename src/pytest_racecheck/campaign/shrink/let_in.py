"""Let one more task in where several are interrupted.

Tasks that wait for each other in a circle can be brought there by one preemption, if they come in the right order, or by many. From the wrong
order no removal and no move leads to the right one; one more block may.
"""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Deviations, Shrinker
from pytest_racecheck.model.schedule import Deviation

_MOST = 8


def let_in(shrinker: Shrinker) -> None:
    """Before each block, let each of the first tasks do one operation, if that saves preemptions."""
    index = 0
    while index < len(shrinker.deviations) and shrinker.current.preemptions > 1:
        highest = max(deviation.task for deviation in shrinker.deviations)
        for task in range(min(highest, _MOST) + 1):
            if index < len(shrinker.deviations):
                shrinker.consider(_with_block(shrinker.deviations, index, task))
        index += 1


def _with_block(deviations: Deviations, index: int, task: int) -> Deviations:
    """The later blocks begin later only as far as they have to: time that nobody had by name is taken first."""
    made = [*deviations[:index], Deviation(deviations[index].step, task)]
    for step, other in deviations[index:]:
        made.append(Deviation(max(step, made[-1].step + 1), other))
    return tuple(made)
