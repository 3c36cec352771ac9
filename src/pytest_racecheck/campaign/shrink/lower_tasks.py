"""Prefer the tasks that were made first."""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Shrinker
from pytest_racecheck.model.schedule import Deviation

# So many lower numbers are tried for each task.
_MOST = 8


def lower_tasks(shrinker: Shrinker) -> None:
    """Let a lower number have the part of a higher one, throughout or at a single deviation."""
    for task in sorted({deviation.task for deviation in shrinker.deviations}, reverse=True):
        for lower in range(min(task, _MOST)):
            names = {task: lower, lower: task}
            if shrinker.consider(
                Deviation(step, names.get(other, other)) for step, other in shrinker.deviations
            ):
                break
    for index in range(len(shrinker.deviations)):
        _lower_one(shrinker, index)


def _lower_one(shrinker: Shrinker, index: int) -> None:
    deviations = shrinker.deviations
    if index >= len(deviations):
        return
    step, task = deviations[index]
    for lower in range(min(task, _MOST)):
        if shrinker.consider(
            (*deviations[:index], Deviation(step, lower), *deviations[index + 1 :])
        ):
            return
