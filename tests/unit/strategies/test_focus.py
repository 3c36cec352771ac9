"""Which points are the program's own."""

from __future__ import annotations

from random import Random

from tasks import Standing, begun

from pytest_racecheck.model.profile import Profile, SharedResource
from pytest_racecheck.strategies.focus import Focus, Focused, focus_of
from pytest_racecheck.strategies.portfolio import Portfolio

OWN = SharedResource(frozenset({3, 4}), {"a": 2, "b": 3})
QUEUE = SharedResource(frozenset({-7}), {"a": 50, "b": 50}, own=False)


def seen(*resources: SharedResource) -> Profile:
    """A program that has shown these."""
    return Profile(sum(sum(one.counts.values()) for one in resources), resources=resources)


def test_a_few_of_its_own_among_many_of_a_library() -> None:
    """Their points are told, and how often they were come to."""
    assert focus_of(seen(OWN, QUEUE)) == Focus(frozenset({3, 4}), 5)


def test_where_most_is_its_own_there_is_nothing_to_focus_on() -> None:
    """Nor where nothing is."""
    assert focus_of(seen(OWN, SharedResource(frozenset({-7}), {"a": 4}, own=False))) is None
    assert focus_of(seen(QUEUE)) is None


def test_it_interrupts_at_those_only() -> None:
    """One to three times, and nowhere else."""
    tasks = [Standing(1, point=3), Standing(4, point=-7)]
    for seed in range(10):
        strategy = begun(Focused(), tasks, seen(OWN, QUEUE), seed=seed)
        assert [strategy.choose(tasks, tasks[1]).index for _ in range(50)] == [4] * 50
        assert [strategy.choose(tasks, tasks[0]).index for _ in range(5)].count(4) == 1


def test_where_nothing_of_its_own_is_shared_yet_all_its_places_are_tried() -> None:
    """Then each place has to be a point."""
    profile = Profile(100, resources=(QUEUE,), own_points=frozenset({1, 2}), own_times=6, steps=100)
    assert focus_of(profile) == Focus(frozenset({1, 2}), 6, everywhere=True)
    strategy = Focused()
    strategy.begin(Random(1), profile)
    assert strategy.everywhere
    strategy.begin(Random(1), seen(OWN, QUEUE))
    assert not strategy.everywhere


def test_the_portfolio_lets_it_have_every_third_run() -> None:
    """And none where there is nothing to focus on."""

    def turns(profile: Profile) -> list[int]:
        portfolio, focused = Portfolio(), []
        for number in range(1, 13):
            portfolio.begin(Random(number), profile)
            focused += [number] if portfolio.current_name == "focused" else []
        return focused

    everywhere = Profile(100, own_points=frozenset({1}), own_times=6, steps=100)
    assert turns(seen(OWN, QUEUE)) == [3, 6, 9, 12]
    assert turns(everywhere) == [3, 6, 9, 12]
    assert turns(seen(QUEUE)) == []
