"""What each pass does to a schedule."""

from __future__ import annotations

from collections.abc import Callable

from pytest_racecheck.campaign.shrink.cut_tail import cut_tail
from pytest_racecheck.campaign.shrink.ddmin import ddmin
from pytest_racecheck.campaign.shrink.drop_tasks import drop_tasks
from pytest_racecheck.campaign.shrink.let_in import let_in
from pytest_racecheck.campaign.shrink.lower_tasks import lower_tasks
from pytest_racecheck.campaign.shrink.merge_segments import merge_segments
from pytest_racecheck.campaign.shrink.move_earlier import move_earlier
from pytest_racecheck.campaign.shrink.move_later import move_later
from pytest_racecheck.campaign.shrink.shrinker import Deviations, Shrinker

Start = Callable[..., Shrinker]


def needs(*pairs: tuple[int, int]) -> Callable[[Deviations], bool]:
    """Fails if all these are among the deviations."""
    return lambda deviations: set(pairs) <= set(deviations)


def test_cut_tail_keeps_the_shortest_prefix_that_fails(shrinking: Start) -> None:
    """Doubling stops at the first power of two that has what is needed."""
    shrinker = shrinking([(step, 1) for step in range(50)], needs((4, 1)))
    cut_tail(shrinker)
    assert shrinker.deviations == tuple((step, 1) for step in range(8))


def test_drop_tasks_leaves_out_those_that_are_not_needed(shrinking: Start) -> None:
    """All deviations towards a task go together."""
    shrinker = shrinking([(1, 3), (2, 2), (4, 1), (6, 3), (7, 2)], needs((1, 3), (6, 3)))
    drop_tasks(shrinker)
    assert shrinker.deviations == ((1, 3), (6, 3))


def test_ddmin_keeps_exactly_what_is_needed(shrinking: Start) -> None:
    """Two of fifty are found, wherever they stand."""
    shrinker = shrinking([(step, step % 3) for step in range(50)], needs((7, 1), (44, 2)))
    ddmin(shrinker)
    assert shrinker.deviations == ((7, 1), (44, 2))


def test_merge_segments_puts_blocks_of_a_task_together(shrinking: Start) -> None:
    """The second block of task 1 is done at once, and the rest of the schedule keeps its place."""

    def preemptions(deviations: Deviations) -> int:
        return sum(one.task != two.task for one, two in zip(deviations, deviations[1:]))

    shrinker = shrinking(
        [(0, 1), (5, 2), (8, 1), (10, 3)], lambda deviations: len(deviations) == 4, preemptions
    )
    merge_segments(shrinker)
    assert shrinker.deviations in (
        ((0, 1), (5, 1), (7, 2), (10, 3)),
        ((0, 2), (3, 1), (8, 1), (10, 3)),
    )


def test_move_later_goes_as_far_as_it_can(shrinking: Start) -> None:
    """A preemption that may come up to step 37 comes there."""
    shrinker = shrinking([(2, 1)], lambda deviations: deviations[0].step <= 37)
    move_later(shrinker)
    assert shrinker.deviations == ((37, 1),)


def test_move_later_stays_within_the_run(shrinking: Start) -> None:
    """A step after the last choice is never tried, nor one at or behind the next deviation."""
    tried = []

    def fails(deviations: Deviations) -> bool:
        tried.append(deviations)
        return True

    shrinker = shrinking([(2, 1), (3, 0)], fails, choices=20)
    move_later(shrinker)
    assert shrinker.deviations == ((18, 1), (19, 0))
    assert all(one.step < two.step < 20 for one, two in tried)


def test_move_earlier_where_that_saves_preemptions(shrinking: Start) -> None:
    """A switch that comes one choice before interrupts nobody."""
    shrinker = shrinking(
        [(3, 1), (6, 2)], needs((3, 1)), lambda deviations: 2 - (deviations[-1] == (5, 2))
    )
    move_earlier(shrinker)
    assert shrinker.deviations == ((3, 1), (5, 2))


def test_lower_tasks_takes_the_first_of_those_that_will_do(shrinking: Start) -> None:
    """Throughout, or at a single deviation."""
    everywhere = shrinking(
        [(1, 5), (4, 5)], lambda deviations: len({it.task for it in deviations}) == 1
    )
    lower_tasks(everywhere)
    assert everywhere.deviations == ((1, 0), (4, 0))
    single = shrinking([(1, 5), (4, 3)], lambda deviations: deviations[0] == (1, 5))
    lower_tasks(single)
    assert single.deviations == ((1, 5), (4, 0))


def test_let_in_adds_a_block_that_saves_preemptions(shrinking: Start) -> None:
    """One more task before the others, which begin no later than they must."""
    wanted = ((0, 1), (1, 0), (2, 3), (4, 2))
    shrinker = shrinking(
        [(0, 1), (1, 3), (4, 2)], lambda _: True, lambda deviations: 2 - (deviations == wanted)
    )
    let_in(shrinker)
    assert shrinker.deviations == wanted


def test_every_pass_leaves_an_empty_schedule_alone(shrinking: Start) -> None:
    """Nothing can be taken from nothing."""
    for shrink_pass in (
        cut_tail, drop_tasks, ddmin, merge_segments, move_later, move_earlier, lower_tasks, let_in,
    ):  # fmt: skip
        shrinker = shrinking([], lambda _: True)
        shrink_pass(shrinker)
        assert shrinker.deviations == ()
