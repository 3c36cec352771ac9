"""Containers of C that take what a generator of the program yields: others come in between two values."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.verdict import Verdict


class Members:
    """Some container, filled by whoever finds that something is not in it."""

    def __init__(self, items: Any) -> None:
        self.items = items
        self.lock = threading.Lock()

    def missing(self) -> Any:
        return (name for name in ["ann"] if name not in self.items)

    def numbered(self) -> Any:
        for name in ["ann"]:
            yield name, self.items[name] + 1


def extend(members: Members) -> None:
    members.items.extend(members.missing())


def add_in_place(members: Members) -> None:
    members.items += members.missing()


def update(members: Members) -> None:
    members.items.update(members.numbered())


def count(members: Members) -> None:
    members.items.update(members.missing())


def replace_slice(members: Members) -> None:
    members.items[len(members.items) :] = members.missing()


def relay(members: Members) -> None:
    """The one that C code asks only hands on."""

    def relayed() -> Any:
        yield from members.missing()

    members.items.extend(relayed())


def of(target: Any, setup: Callable[..., object], check: Any = None) -> RaceReport:
    """What two tasks that do that come to."""
    return explore(
        target, setup=setup, check=check, workers=2, schedules=300, backend="thread", seed=1
    )


RACY: list[Any] = [
    (extend, list, lambda members: len(members.items) == 1),
    (extend, deque, lambda members: len(members.items) == 1),
    (add_in_place, list, lambda members: len(members.items) == 1),
    (relay, list, lambda members: len(members.items) == 1),
    (replace_slice, list, lambda members: len(members.items) == 1),
    (update, lambda: {"ann": 0}, lambda members: members.items == {"ann": 2}),
    (count, Counter, lambda members: members.items == {"ann": 1}),
]


@pytest.mark.parametrize(("target", "make", "check"), RACY)
def test_what_is_put_in_was_asked_for_before(
    target: Callable[[Members], None], make: Callable[[], Any], check: Any
) -> None:
    """Both find the name missing, or the number as it was, before one of them has put something in."""
    report = of(target, lambda: Members(make()), check)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.preemptions == 1
    assert report.failure.resource == "Members.items"


@pytest.mark.parametrize(("target", "make", "check"), RACY)
def test_under_a_lock_nobody_comes_between(
    target: Callable[[Members], None], make: Callable[[], Any], check: Any
) -> None:
    """The same, each of them by himself."""

    def safely(members: Members) -> None:
        with members.lock:
            target(members)

    assert of(safely, lambda: Members(make()), check).verdict is Verdict.NOT_FOUND


def pairs() -> Any:
    yield from ["left", "right"]


@pytest.mark.parametrize("make", [set, deque])
def test_a_container_is_seen_half_filled(make: Callable[[], Any]) -> None:
    """Whoever looks between two values finds one of them."""
    fill = {set: "update", deque: "extend"}[make]  # type: ignore[index]

    def look(members: Members) -> None:
        assert len(members.items) != 1

    def put(members: Members) -> None:
        getattr(members.items, fill)(pairs())

    def put_at_once(members: Members) -> None:
        getattr(members.items, fill)(list(pairs()))

    assert of([put, look], lambda: Members(make())).verdict is Verdict.RACE_FOUND
    assert of([put_at_once, look], lambda: Members(make())).verdict is Verdict.NOT_FOUND


def test_one_who_only_looks_shows_no_write() -> None:
    """`issuperset` takes the values of a generator and changes nothing."""

    def look(members: Members) -> None:
        members.items.issuperset(pairs())

    report = of(look, lambda: Members({"left"}))
    assert report.verdict is Verdict.NOT_FOUND
    assert report.classes == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_same_generator_may_feed_nothing(seed: int) -> None:
    """Where a loop goes over it, right after an operation on the container, it is in the middle of none."""

    def work(members: Members) -> None:
        members.items.update(members.numbered())
        members.items["bob"] = 0
        for _ in members.numbered():
            pass

    report = explore(
        work,
        setup=lambda: Members({"ann": 0}),
        check=lambda members: members.items["ann"] == 2,
        workers=2,
        schedules=300,
        seed=seed,
    )
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.preemptions == 1


def test_a_generator_may_go_on_elsewhere() -> None:
    """One that has begun for one container gives the rest of its values to another."""

    def work(members: Members) -> None:
        numbers = iter_numbers()
        members.items.extend(islice(numbers, 1))
        mine = list(numbers)
        assert mine == [1, 2]

    def iter_numbers() -> Any:
        yield from range(3)

    report = of(work, lambda: Members([]), lambda members: members.items == [0, 0])
    assert report.verdict is Verdict.NOT_FOUND
