"""Which points are the program's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_racecheck.campaign.focus import Focus, focus_of
from pytest_racecheck.model.profile import Profile, SharedResource


def seen(*resources: SharedResource, places: tuple[int, ...] = ()) -> Any:
    """A program that has shown these resources; `places` are points that are known by where they are asked for."""
    choices = sum(sum(one.counts.values()) for one in resources)
    return SimpleNamespace(
        profile=Profile(choices=choices, resources=resources),
        scheduler=SimpleNamespace(places=dict.fromkeys(places)),
    )


def test_a_few_of_its_own_among_many_of_a_library() -> None:
    """Instructions have numbers from zero on, primitives below."""
    own = SharedResource(frozenset({3, 4}), {"a": 2, "b": 3})
    queue = SharedResource(frozenset({-7}), {"a": 50, "b": 50})
    assert focus_of(seen(own, queue)) == Focus(frozenset({3, 4}), 5)


def test_what_processes_share_is_known_by_its_place() -> None:
    """A manager's dict is no instruction's operand, but asked for in the program."""
    own = SharedResource(frozenset({-9}), {"a": 2, "b": 2})
    queue = SharedResource(frozenset({-7}), {"a": 50})
    assert focus_of(seen(own, queue, places=(-9,))) == Focus(frozenset({-9}), 4)


def test_where_most_is_its_own_there_is_nothing_to_focus_on() -> None:
    """Nor where nothing is."""
    own = SharedResource(frozenset({3}), {"a": 20})
    queue = SharedResource(frozenset({-7}), {"a": 50})
    assert focus_of(seen(own, queue)) is None
    assert focus_of(seen(queue)) is None
