"""Make two blocks of one task into one (Jalbert and Sen, 2010).

A deviation begins a block: its task goes on until the next one. Where a task has several blocks, letting it do the later one at once, or
the earlier one only then, saves two switches. Both move a block past others, and so does every step on the way to an order in which
tasks wait for each other by themselves and need not be interrupted.
"""

from __future__ import annotations

from pytest_racecheck.campaign.shrink.shrinker import Deviations, Shrinker
from pytest_racecheck.model.schedule import Deviation

# A block is moved past so many others at most: all where there are few, and the costs stay linear where there are many.
_REACH = 6


def merge_segments(shrinker: Shrinker) -> None:
    """Move each block before one that it follows, then behind one that it precedes, the nearest first."""
    for index in reversed(range(len(shrinker.deviations) + 1)):
        nearest = (index + way * distance for way in (-1, 1) for distance in range(1, _REACH + 1))
        for target in nearest:
            if shrinker.consider(
                _moved(shrinker.deviations, shrinker.current.choices, index, target)
            ):
                break


def _moved(deviations: Deviations, choices: int, index: int, target: int) -> Deviations:
    """With block number `index` as block number `target`."""
    blocks = _blocks(deviations, choices)
    if index < len(blocks) and 0 <= target < len(blocks):
        blocks.insert(target, blocks.pop(index))
    moved = []
    step = 0
    for task, length in blocks:
        moved.append(Deviation(step, task))
        step += length
    return tuple(moved)


def _blocks(deviations: Deviations, choices: int) -> list[tuple[int, int]]:
    """Each block's task and length. The first block of all may have begun by default, and nothing says whose it is: the lowest then."""
    ends = [deviation.step for deviation in deviations[1:]] + [choices]
    blocks = [(task, end - step) for (step, task), end in zip(deviations, ends, strict=False)]
    if deviations and deviations[0].step:
        blocks.insert(0, (0, deviations[0].step))
    return blocks
