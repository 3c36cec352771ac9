"""Generators that tasks share: one that is running gives a value to nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict


def numbers() -> Iterator[int]:
    """What it works with is all its own."""
    number = 0
    while number < 4:
        yield number
        number += 1


def delegated() -> Iterator[int]:
    """The values are another one's."""
    yield from range(4)


class Source:
    """Hands out the values of a generator."""

    def __init__(self, make: Callable[[], Iterator[int]]) -> None:
        self.values = make()
        self.lock = threading.Lock()


def take(source: Source) -> None:
    next(source.values)


def take_safely(source: Source) -> None:
    with source.lock:
        next(source.values)


def go_over(source: Source) -> None:
    for _ in source.values:
        pass


def send(source: Any) -> None:
    source.values.send(None)


def take_all(source: Source) -> None:
    list(source.values)


@pytest.mark.parametrize("make", [numbers, delegated])
@pytest.mark.parametrize("target", [take, go_over, send, take_all])
def test_one_that_is_running_is_no_source(
    target: Callable[[Source], None], make: Callable[[], Iterator[int]]
) -> None:
    """Whoever wants a value of it while another task is inside has an error, whichever way it asks."""
    report = explore(
        target, setup=lambda: Source(make), workers=2, schedules=200, backend="thread", seed=1
    )
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.preemptions == 1
    assert report.failure.resource == "Source.values"
    shown = str(report)
    assert "generator already executing" in shown
    assert "yield number" in shown or "yield from range(4)" in shown


def test_under_a_lock_it_is() -> None:
    """Nobody comes while it runs."""
    report = explore(
        take_safely,
        setup=lambda: Source(numbers),
        workers=2,
        schedules=200,
        backend="thread",
        seed=1,
    )
    assert report.verdict is Verdict.NOT_FOUND


def test_each_has_its_own() -> None:
    """What a task makes for itself is no point of its program."""

    def total(results: list[int]) -> None:
        results.append(sum(numbers()))

    report = explore(
        total,
        setup=list,
        check=lambda results: results == [6, 6],
        workers=2,
        schedules=50,
        backend="thread",
        seed=1,
    )
    assert report.verdict is Verdict.NOT_FOUND
