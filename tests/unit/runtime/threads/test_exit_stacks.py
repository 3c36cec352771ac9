"""Stacks of callbacks: what they call when they are left, and stacks that tasks share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.verdict import Verdict


class Resources:
    """Things to be closed together, and a number."""

    def __init__(self) -> None:
        self.level = 0
        self.closed: list[int] = []
        self.stack = contextlib.ExitStack()
        self.lock = threading.Lock()


def of(targets: Any, check: Any) -> RaceReport:
    """What two tasks come to."""
    return explore(
        targets, setup=Resources, check=check, workers=2, schedules=300, backend="thread", seed=1
    )


def raise_level(resources: Resources) -> None:
    with contextlib.ExitStack() as stack:
        stack.callback(setattr, resources, "level", resources.level + 1)


def raise_level_safely(resources: Resources) -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(resources.lock)
        stack.callback(setattr, resources, "level", resources.level + 1)


def test_a_function_in_c_is_called_at_the_end() -> None:
    """What it sets was computed from what others have set meanwhile, and that is told as if the program had called it."""
    report = of(raise_level, lambda resources: resources.level == 2)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.kind == "lost update"
    assert report.failure.resource == "Resources.level"
    assert report.failure.preemptions == 1
    assert "level ← 1" in str(report)


def test_a_lock_on_the_stack_is_given_back_last() -> None:
    """The same under a lock that the stack itself holds."""
    report = of(raise_level_safely, lambda resources: resources.level == 2)
    assert report.verdict is Verdict.NOT_FOUND


def add(resources: Resources) -> None:
    with resources.lock:
        resources.level += 1
    resources.stack.callback(resources.closed.append, 1)


def close(resources: Resources) -> None:
    resources.stack.close()


def take(resources: Resources) -> None:
    resources.stack.pop_all().close()


def leave(resources: Resources) -> None:
    with resources.stack:
        pass


@pytest.mark.parametrize("end", [close, take, leave])
def test_a_stack_is_emptied_before_something_is_put_on_it(end: Callable[..., None]) -> None:
    """Then nobody closes that."""
    report = of([add, end], lambda resources: resources.closed == [1])
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.resource == "Resources.stack"


@pytest.mark.parametrize("end", [close, take, leave])
def test_who_ends_it_after_the_others_misses_nothing(end: Callable[..., None]) -> None:
    """Who has added to it says so."""

    def work(resources: Resources) -> None:
        adding = threading.Thread(target=add, args=(resources,))
        adding.start()
        add(resources)
        adding.join()
        end(resources)

    report = explore(
        work,
        setup=Resources,
        check=lambda resources: resources.closed == [1, 1],
        workers=1,
        schedules=200,
        seed=1,
    )
    assert report.verdict is Verdict.NOT_FOUND


def test_callbacks_are_what_they_were() -> None:
    """In the order of a stack, with their arguments, those in Python as well."""

    def work(resources: Resources) -> None:
        with contextlib.ExitStack() as stack:
            given = stack.callback(sorted, [2, 1], reverse=True)
            stack.callback(lambda number, *, other: seen.append((number, other)), 1, other=2)
            stack.callback(seen.append, 0)
        assert given is sorted
        assert seen[-2:] == [0, (1, 2)]

    seen: list[object] = []
    report = explore(work, setup=Resources, workers=1, schedules=3, seed=1)
    assert report.outcomes == {"passed": report.runs}
    assert contextlib.ExitStack._create_cb_wrapper.__module__ == "contextlib"  # type: ignore[attr-defined]
