"""Which passes there are, in which order, and when to stop.

The passes that remove most come first, since every later one is the cheaper for it. When none of them finds anything smaller any more
the schedule is locally minimal: no deviation can be left out, and no block moved. Each pass may open the way for another, so they are
gone through again as long as one of them got anywhere.

Locally minimal is not enough where several preemptions are left: tasks that wait in a circle get there by one, if they come in the right
order. Then the search goes on from attempts that were as good as the best, as long as there is budget.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_racecheck.campaign.shrink.attempt import Attempt
from pytest_racecheck.campaign.shrink.cut_tail import cut_tail
from pytest_racecheck.campaign.shrink.ddmin import ddmin
from pytest_racecheck.campaign.shrink.drop_tasks import drop_tasks
from pytest_racecheck.campaign.shrink.let_in import let_in
from pytest_racecheck.campaign.shrink.lower_tasks import lower_tasks
from pytest_racecheck.campaign.shrink.merge_segments import merge_segments
from pytest_racecheck.campaign.shrink.move_earlier import move_earlier
from pytest_racecheck.campaign.shrink.move_later import move_later
from pytest_racecheck.campaign.shrink.shrinker import Exhausted, Shrinker, ShrinkPass
from pytest_racecheck.model.schedule import Schedule

PASSES: tuple[ShrinkPass, ...] = (
    cut_tail,
    drop_tasks,
    ddmin,
    merge_segments,
    move_later,
    move_earlier,
    lower_tasks,
    let_in,
)
RUNS = 500
SECONDS = 2.0


def shrink(
    first: Attempt,
    replay: Callable[[Schedule], Attempt],
    runs: int = RUNS,
    seconds: float = SECONDS,
) -> Attempt:
    """The smallest attempt found that fails like `first`, by the order of `sort_key`; `first` itself where there is none."""
    shrinker = Shrinker(first, replay, runs, seconds)
    try:
        _descend(shrinker)
        while shrinker.best.preemptions > 1 and shrinker.go_sideways():
            _descend(shrinker)
    except Exhausted:
        pass
    return shrinker.best


def _descend(shrinker: Shrinker) -> None:
    before = None
    while before is not shrinker.current:
        before = shrinker.current
        for shrink_pass in PASSES:
            shrink_pass(shrinker)
