"""`Value`, `Array` and structures: each access is one operation, and `+=` is two."""

from __future__ import annotations

import ctypes

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict, replay


class Point(ctypes.Structure):
    """Two fields."""

    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


def add_to_value(value) -> None:
    value.value += 1


def add_to_item(array) -> None:
    array[0] += 1


def add_to_field(point) -> None:
    point.x += 1


def add_to_text(text) -> None:
    text.value = text.value + b"x"


def is_two(value) -> bool:
    return value.value == 2


KINDS = {
    "value": (lambda s: s.value("i", 0), add_to_value, is_two, "value.value"),
    "array": (lambda s: s.array("i", [0, 0]), add_to_item, lambda a: a[0] == 2, "array[0]"),
    "structure": (lambda s: s.value(Point, 0), add_to_field, lambda p: p.x == 2, "point.x"),
    "text": (lambda s: s.array("c", 3), add_to_text, lambda t: t.value == b"xx", "text.value"),
}


@pytest.mark.parametrize("kind", one_of_each_kind(KINDS, {"value", "structure"}))
def test_a_lost_update(race, kind) -> None:
    """It is found within a few schedules, named as the source does, and its token brings it about again.

    Each process has a column in the report, with the values that it read and wrote. The seed is fixed, so this does not fail by chance.
    """
    setup, add, check, name = KINDS[kind]
    report = race(add, setup=setup, check=check, schedules=30)
    report.assert_racy()
    failure = report.failure
    assert (failure.kind, failure.resource) == ("lost update", name)
    shown = (
        "test_values.py:",
        f"{add.__name__}-1",
        f"{add.__name__}-2",
        " → ",
        " ← ",
        "overwrites",
    )
    assert [part for part in shown if part not in str(report)] == []
    again = replay(
        failure.token, add, backend="process", setup=setup, check=check, start_method="fork"
    )
    assert again.failure is not None
    assert (again.failure.kind, again.failure.resource) == (failure.kind, name)
    assert type(again.failure.exception) is type(failure.exception)


def test_it_is_shrunk_to_one_preemption(race, shrinking) -> None:
    """However it was found."""
    report = race(
        add_to_value, workers=3, setup=KINDS["value"][0], check=lambda v: v.value == 3, schedules=30
    )
    assert (report.failure.kind, report.failure.preemptions) == ("lost update", 1)


def add_under_own_lock(value) -> None:
    with value.get_lock():
        value.value += 1


def add_under(value, lock) -> None:
    with lock:
        value.value += 1


TWINS = {
    "own lock": (lambda s: (s.value("i", 0),), add_under_own_lock),
    "lock": (lambda s: (s.value("i", 0), s.lock()), add_under),
    "rlock": (lambda s: (s.value("i", 0), s.rlock()), add_under),
    "semaphore": (lambda s: (s.value("i", 0), s.semaphore(1)), add_under),
    "condition": (lambda s: (s.value("i", 0), s.condition()), add_under),
}


@pytest.mark.parametrize("twin", one_of_each_kind(TWINS, {"own lock", "lock"}))
def test_the_locked_twin_is_not_reported(race, twin) -> None:
    """Whatever kind of lock is around it, no schedule loses an update."""
    setup, add = TWINS[twin]
    report = race(add, setup=setup, check=lambda value, *_: value.value == 2, schedules=15)
    assert report.verdict is Verdict.NOT_FOUND
    assert (report.runs, report.failures, report.not_covered) == (15, 0, ())
    assert report.classes > 1


def add_to_either(one, other) -> None:
    one.value += 1


def add_to_other(one, other) -> None:
    other.value += 1


def test_two_values_are_two_resources(race) -> None:
    """Who writes to another value disturbs nobody, though both lie in the same piece of memory: nothing is ordered by that."""
    report = race(
        [add_to_either, add_to_other],
        setup=lambda s: (s.value("i", 0), s.value("i", 0)),
        check=lambda one, other: one.value == other.value == 1,
        schedules=10,
    )
    assert report.verdict is Verdict.NOT_FOUND
    assert report.classes == 1


def hold_and_wait(value, event) -> None:
    with value.get_lock():
        event.wait()


def read_and_set(value, event) -> None:
    assert value.value == 0
    event.set()


def test_an_access_waits_for_the_lock_of_its_value(race) -> None:
    """Who holds `get_lock()` and waits for somebody who reads the value makes a deadlock."""
    report = race(
        [hold_and_wait, read_and_set],
        setup=lambda s: (s.value("i", 0), s.event()),
        schedules=20,
    )
    report.assert_racy()
    text = str(report)
    assert report.failure.kind == "deadlock"
    assert "held by hold_and_wait-1" in text
