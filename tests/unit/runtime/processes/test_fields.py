"""Structures in shared memory: each field is a resource, until somebody uses the whole of one."""

from __future__ import annotations

import ctypes
from multiprocessing import RawArray, RawValue, Value

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict
from pytest_racecheck.runtime.processes.fields import (
    ALL,
    Pieces,
    is_divided,
    is_view,
    key_of_part,
    place_in_array,
)
from pytest_racecheck.runtime.threads.resources import Resources


class Point(ctypes.Structure):
    """Two fields."""

    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


class Line(ctypes.Structure):
    """Structures and arrays in a structure."""

    _fields_ = (
        ("start", Point), ("end", Point), ("marks", ctypes.c_int * 2), ("name", ctypes.c_char * 4),
    )  # fmt: skip


class Number(ctypes.Union):
    """One on top of the other."""

    _fields_ = (("whole", ctypes.c_int), ("bytes", ctypes.c_ubyte * 4))


class Tagged(ctypes.Structure):
    """A union in a structure."""

    _fields_ = (("tag", ctypes.c_int), ("number", Number))


MEMORY = ("memory", 1, 2, 0)


def part(obj, name, *, writes=False):
    return key_of_part(MEMORY, obj, name, writes=writes)[len(MEMORY) :]


def test_what_has_no_fields_is_one_resource() -> None:
    """Numbers, arrays of them, unions."""
    for one in (ctypes.c_int(), (ctypes.c_int * 3)(), Number()):
        assert key_of_part(MEMORY, one, "value", writes=True) == MEMORY
    assert not is_divided(MEMORY)


def test_fields_are_known_by_where_they_lie() -> None:
    """The same one by whichever way it is reached: through views of what is around it."""
    line, points = Line(), (Point * 3)()
    assert part(line.end, "y") == ("Line", 12)
    assert part(points[1], "x", writes=True) == ("Point_Array_3", 8)
    assert part(line, "marks", writes=True) == part(line.marks, "") == ("Line", 16)
    assert part(line, "name") == ("Line", 24)
    assert is_divided((*MEMORY, "Line", 12))


def test_to_get_at_a_part_reads_nothing() -> None:
    """Neither a structure in another one nor an array; to assign it, or to hand it to a call, is about all of it."""
    line, points = Line(), (Point * 3)()
    for obj, name in ((line, "start"), (line, "marks"), (points, "")):
        assert is_view(part(obj, name))
    for obj, name in ((line, "start"), (points, ""), (line, ALL)):
        assert part(obj, name, writes=True)[-1] == "whole"
    assert part(Tagged().number, "whole")[-1] == "whole"


def test_the_place_in_an_array() -> None:
    """Of what is an item of one."""
    points = (Point * 3)()
    assert [place_in_array(point) for point in points] == [0, 1, 2]
    assert place_in_array(Line().start) is None
    assert place_in_array(Point()) is None


def test_what_is_used_as_a_whole_is_one_resource() -> None:
    """From then on, in later runs from the beginning; what was done to its parts before comes before."""
    pieces, resources = Pieces(), Resources()
    x, y, whole = ((*MEMORY, "Point", part) for part in (0, 4, "whole"))
    first, second = pieces.of(resources, x), pieces.of(resources, y)
    assert first is not second
    assert first is pieces.of(resources, x)
    first.last_write = 5
    everything = pieces.of(resources, whole)
    assert everything.last_write
    assert pieces.of(resources, x) is pieces.of(resources, y) is everything
    pieces.begin()
    resources = resources.renewed()
    assert pieces.of(resources, x) is pieces.of(resources, y)


def add_to_y(point) -> None:
    point.y += 1 + point.x


def add_to_x(point) -> None:
    point.x += 1


def add_only_to_y(point) -> None:
    point.y += 1


def add_to_end(line) -> None:
    line.end.y += 1 + line.start.y


def add_to_second(points) -> None:
    points[1].x += 1 + points[0].x


RACES = {
    "a value": (lambda _: Value(Point), add_to_y, lambda p: p.y == 2, "point.y"),
    "a raw value": (lambda _: RawValue(Point), add_to_y, lambda p: p.y == 2, "point.y"),
    "nested": (lambda _: Value(Line), add_to_end, lambda p: p.end.y == 2, "line.end.y"),
    "an array": (
        lambda s: s.array(Point, 3), add_to_second, lambda a: a[1].x == 2, "points[1].x",
    ),
    "a raw array": (
        lambda _: RawArray(Point, 3), add_to_second, lambda a: a[1].x == 2, "points[1].x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", one_of_each_kind(RACES, {"a value", "a raw array"}))
def test_a_lost_update_is_that_of_its_field(race, name) -> None:
    """Though another one was touched before. The seed is fixed."""
    setup, add, check, field = RACES[name]
    report = race(add, setup=setup, check=check, schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("lost update", field)


@pytest.mark.parametrize("kind", ["a value", "a raw value"])
def test_two_fields_are_two_resources(race, kind) -> None:
    """Who writes to another field disturbs nobody: without a lock around them all orders are the same."""
    setup = RACES[kind][0]
    report = race(
        [add_to_x, add_only_to_y],
        setup=setup,
        check=lambda point: point.x == point.y == 1,
        schedules=10,
    )
    assert report.verdict is Verdict.NOT_FOUND
    assert report.classes == 1


def put_both(line, _out) -> None:
    line.start = Point(1, 1)


def copy_both(line, out) -> None:
    start = line.start
    out[0], out[1] = start.x, start.y


def test_what_is_assigned_meets_what_is_in_it(race) -> None:
    """Half of a structure is read before, and half after somebody has put another one there."""
    report = race(
        [put_both, copy_both],
        setup=lambda s: (Value(Line), s.array("i", 2)),
        check=lambda _, out: out[0] == out[1],
        schedules=40,
    )
    report.assert_racy()
    assert report.failure.kind in ("torn read", "stale read")
    assert report.failure.resource == "start.x"
