"""Which places in the code are points, and how a campaign comes to know."""

from __future__ import annotations

import threading
import types
import weakref
from functools import lru_cache
from typing import Any

import pytest

from pytest_racecheck import Verdict, explore
from pytest_racecheck.runtime.threads.points import attribute_holder


def a_function() -> None:
    """Whose attributes are looked at."""


@pytest.mark.parametrize("owner", [types.SimpleNamespace(n=0), a_function])
def test_attributes_that_a_builtin_type_does_not_define(owner: Any) -> None:
    """They are the object's own, in a dictionary like anybody's."""
    assert attribute_holder(owner, "n") is owner


@pytest.mark.parametrize(
    ("owner", "name"), [(a_function, "__name__"), ([], "append"), (threading.local(), "n")]
)
def test_what_is_nobody_elses_concern(owner: Any, name: str) -> None:
    """What the type defines does not change, and a thread's own attributes are nobody else's."""
    assert attribute_holder(owner, name) is None


def test_counting_calls_of_a_function() -> None:
    """An update of a function's attribute gets lost like any other, and the report calls it by the function's name.

    Random schedules lose it in half of the runs.
    """

    def setup(_shared: object) -> Any:
        def called() -> None:
            called.calls += 1  # type: ignore[attr-defined]

        called.calls = 0  # type: ignore[attr-defined]
        return called

    report = explore(
        lambda called: called(), setup=setup, check=lambda called: called.calls == 2, schedules=100
    )
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.resource == "called.calls"


def test_what_is_shared_only_under_rare_schedules() -> None:
    """Under most schedules one worker does both jobs, so nothing seems to be shared; those runs that note it know better.

    With the seed given it is found in schedule 6; before there were such runs it took hundreds.
    """
    from concurrent.futures import ThreadPoolExecutor

    def body() -> None:
        total = [0]

        def add(number: int) -> None:
            total[0] += number

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(add, [1, 2, 3]))
        assert total[0] == 6

    report = explore(body, workers=1, schedules=100, seconds=60, seed=1)
    assert report.verdict is Verdict.RACE_FOUND


def test_a_cache_that_is_filled_twice() -> None:
    """A call that looks into the cache is an operation on it, and in watched runs every place of what is called then is a point."""

    def setup(_shared: object) -> Any:
        made: list[int] = []

        @lru_cache
        def make(key: int) -> int:
            made.append(key)
            return key

        return make, made

    report = explore(
        lambda make, _made: make(1), setup=setup, check=lambda _make, made: len(made) == 1,
        schedules=1_000, seed=1,
    )  # fmt: skip
    assert report.verdict is Verdict.RACE_FOUND


class Thing:
    """Something that can be referred to weakly."""


def test_an_object_that_goes_between_two_looks() -> None:
    """Nobody touches a weak dictionary when the last one who has an object lets go of it; whoever looks there is interrupted all the same."""

    def setup(_shared: object) -> Any:
        owned = [Thing()]
        return owned, weakref.WeakValueDictionary({"thing": owned[0]})

    def use(_owned: Any, things: Any) -> None:
        if "thing" in things:
            assert things["thing"] is not None

    report = explore([lambda owned, _: owned.clear(), use], setup=setup, schedules=1_000, seed=1)
    assert report.verdict is Verdict.RACE_FOUND


class Counted:
    """Counts with a default of its class, or with the class's own."""

    n = 0

    def step(self) -> None:
        self.n += 1

    def step_all(self) -> None:
        type(self).n = self.n + 1


@pytest.mark.parametrize(
    ("target", "resource"), [(Counted.step, "Counted.n"), (Counted.step_all, "Counted.n")]
)
def test_defaults_of_classes_are_points_from_the_start(target: Any, resource: str) -> None:
    """Read through an instance and set through it, or through the class: one resource, which the first run shows to be shared.

    Half of all random schedules lose one of the updates, and one interruption is enough.
    """

    def setup(_shared: object) -> Counted:
        Counted.n = 0
        return Counted()

    for seed in range(2):
        report = explore(
            target, setup=setup, check=lambda counted: counted.n == 2, schedules=60, seed=seed
        )
        assert report.failure is not None
        assert (report.failure.kind, report.failure.resource) == ("lost update", resource)
        assert report.failure.preemptions == 1
