"""A task counts its points and is held at some of them."""

from __future__ import annotations

import collections

import pytest

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.jitter.delays import RunDelays
from pytest_racecheck.runtime.jitter.task import JitterTask, RunAborted

CALM = RunDelays.draw(1, 1, 1e-3, {})


def site(kind: Kind, name: str = "") -> Site:
    """A site of that kind."""
    return Site(kind, name, "module.py", 1, "function")


def task() -> JitterTask:
    """A task that is never held."""
    return JitterTask("worker-1", CALM.stream("worker-1"))


class Box:
    """Something that tasks can share."""


@pytest.mark.parametrize(
    ("obj", "kind", "points"),
    [
        (Box(), Kind.LOAD_ATTR, 1),
        (Box(), Kind.STORE_ATTR, 1),
        ({"TOTAL": 1}, Kind.LOAD_GLOBAL, 1),
        ({"TOTAL": len}, Kind.LOAD_GLOBAL, 0),
        ({"TOTAL": collections}, Kind.LOAD_GLOBAL, 0),
        ({}, Kind.LOAD_GLOBAL, 0),
        (3, Kind.UPDATE, 0),
        ([3], Kind.UPDATE, 1),
        ("text", Kind.ITERATE, 0),
        (collections, Kind.LOAD_ATTR, 1),
    ],
)
def test_what_counts_as_a_point(obj: object, kind: Kind, points: int) -> None:
    """Objects that cannot change, and names bound once at import, are nobody's business."""
    one = task()
    one.access(obj, site(kind, "TOTAL"))
    assert one.points == points


@pytest.mark.parametrize(
    ("callee", "points"), [(len, 0), (print, 0), (open, 1), ([].append, 1), (Box, 0), (task, 0)]
)
def test_which_calls_count(callee: object, points: int) -> None:
    """Calls of methods of containers and of open are points; of functions, whose own operations count, they are not."""
    one = task()
    one.call(callee, site(Kind.CALL))
    assert one.points == points


def test_a_write_weighs_more_than_a_read() -> None:
    """A window is cut at the write, so that is where delays go."""
    one, other = task(), task()
    one.access(Box(), site(Kind.LOAD_ATTR))
    other.access(Box(), site(Kind.STORE_ATTR))
    assert other.weight > one.weight


def test_children_are_named_by_label_and_order() -> None:
    """A name tells the parent, the label and the number, the main task left out."""
    main = JitterTask("main", CALM.stream("main"))
    names = [main.child_name("worker"), main.child_name("reader"), main.child_name("worker")]
    assert names == ["worker-1", "reader-1", "worker-2"]
    assert task().child_name("reader") == "worker-1/reader-1"


def test_a_retired_task_is_left_alone() -> None:
    """After its run a task passes points uncounted."""
    one = task()
    one.retire()
    one.access(Box(), site(Kind.LOAD_ATTR))
    assert one.points == 0


def test_an_aborted_task_unwinds() -> None:
    """After an abort every point raises."""
    one = task()
    one.abort()
    with pytest.raises(RunAborted):
        one.access(Box(), site(Kind.LOAD_ATTR))
