"""Move preemptions later, where they interrupt less, or to where the task must wait anyway and is not interrupted at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from pytest_racecheck.campaign.shrink.shrinker import Deviations, Shrinker
from pytest_racecheck.model.schedule import Deviation


def move_later(shrinker: Shrinker) -> None:
    """Move each deviation by as much as it goes, by itself and together with all that follow; the last one first."""
    for move in (_one, _rest):
        for index in reversed(range(len(shrinker.deviations))):
            _as_far_as_it_goes(shrinker, index, move)


def _as_far_as_it_goes(
    shrinker: Shrinker, index: int, move: Callable[[Deviations, int, int], Deviations]
) -> None:
    """Try to move by 1, 2, 4, ... as long as that works, then by ever less: few runs for a short way as for a long one."""
    distance = 1
    while _moved(shrinker, index, distance, move):
        distance *= 2
    while distance > 1:
        distance //= 2
        _moved(shrinker, index, distance, move)


def _moved(
    shrinker: Shrinker,
    index: int,
    distance: int,
    move: Callable[[Deviations, int, int], Deviations],
) -> bool:
    deviations = shrinker.deviations
    if index >= len(deviations):
        return False
    wanted = move(deviations, index, distance)
    steps = [deviation.step for deviation in wanted]
    if steps[-1] >= shrinker.current.choices or any(
        later <= step for step, later in itertools.pairwise(steps)
    ):
        return False
    return shrinker.consider(wanted)


def _one(deviations: Deviations, index: int, distance: int) -> Deviations:
    step, task = deviations[index]
    return (*deviations[:index], Deviation(step + distance, task), *deviations[index + 1 :])


def _rest(deviations: Deviations, index: int, distance: int) -> Deviations:
    return deviations[:index] + tuple(
        Deviation(step + distance, task) for step, task in deviations[index:]
    )
