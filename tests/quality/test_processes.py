"""Processes and managers: the textbook race is found at once, shrunk to one preemption and replayed; its safe twins are never reported."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from pytest_racecheck import Verdict, explore, replay
from pytest_racecheck.campaign import explanation, fewer_preemptions

SEEDS = range(20)
# How many of them when it is not to take long, and how many schedules a safe twin is run under.
QUICK = 1
SCHEDULES, QUICK_SCHEDULES = 500, 20
METHODS = ("fork", "spawn", "forkserver")
WITHIN = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a count of two lies: how to make it, take one from it, and read it."""

    backend: str
    make: Callable[[Any], Any]
    take: Callable[..., None]
    read: Callable[[Any], int]

    def is_zero(self, place: Any, *_: Any) -> bool:
        """Whether both have taken theirs."""
        return self.read(place) == 0


def take_from_value(value: Any, *_: Any) -> None:
    value.value -= 1


def take_from_dict(counts: Any, *_: Any) -> None:
    counts["count"] -= 1


def take_from_value_locked(value: Any, lock: Any) -> None:
    with lock:
        value.value -= 1


def take_from_dict_locked(counts: Any, lock: Any) -> None:
    with lock:
        counts["count"] -= 1


def take_under_its_own_lock(value: Any) -> None:
    with value.get_lock():
        value.value -= 1


def value_of(value: Any) -> int:
    return int(value.value)


def count_of(counts: Any) -> int:
    return int(counts["count"])


PLACES = {
    "value": Place("process", lambda s: s.value("i", 2), take_from_value, value_of),
    "manager dict": Place("manager", lambda s: s.dict({"count": 2}), take_from_dict, count_of),
}


@pytest.mark.parametrize("name", PLACES)
def test_found_at_once_shrunk_and_replayed(name: str, thorough: bool) -> None:
    """Within 5 schedules in the median, with one preemption, and the token of each seed's failure brings the same one about.

    The seeds are fixed, so this test cannot fail by chance.
    """
    place = PLACES[name]
    words: dict[str, Any] = {
        "backend": place.backend,
        "setup": place.make,
        "check": place.is_zero,
        "start_method": "fork",
    }
    runs = []
    for seed in SEEDS if thorough else SEEDS[:QUICK]:
        report = explore(place.take, seed=seed, schedules=100, seconds=120, **words)
        report.assert_racy()
        failure = report.failure
        assert failure is not None
        assert (failure.kind, failure.preemptions) == ("lost update", 1)
        runs.append(failure.run)
        again = replay(str(failure.token), place.take, **words).failure
        assert again is not None
        assert (again.kind, again.resource) == (failure.kind, failure.resource)
    assert median(runs) <= WITHIN, runs


QUICK_METHODS = [
    ("value", "fork"),
    *(
        pytest.param(name, method, marks=pytest.mark.thorough)
        for name, method in (
            ("value", "spawn"),
            ("manager dict", "fork"),
            ("manager dict", "spawn"),
            ("manager dict", "forkserver"),
            ("value", "forkserver"),
        )
    ),
]


@pytest.mark.parametrize(("name", "method"), QUICK_METHODS)
def test_found_whatever_the_start_method(
    name: str, method: str, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of one start method is valid for the others: what is scheduled is the same."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {method} here")
    place = PLACES[name]
    words: dict[str, Any] = {
        "backend": place.backend, "setup": place.make, "check": place.is_zero, "start_method": method,
    }  # fmt: skip
    if method != "fork" and not thorough:
        # To start an interpreter takes a hundred times as long as all the rest.
        monkeypatch.setattr(explanation, "SHRINK_RUNS", 4)
        monkeypatch.setattr(fewer_preemptions, "MOST_ORDERS", 2)
        monkeypatch.setattr(fewer_preemptions, "FEWER_RUNS", 2)
    report = explore(place.take, seed=1, schedules=30, seconds=120, **words)
    report.assert_racy()
    failure = report.failure
    assert failure is not None
    assert (failure.kind, failure.preemptions) == ("lost update", 1)
    for other in METHODS if thorough else {method, "fork"}:
        again = replay(str(failure.token), place.take, **{**words, "start_method": other})
        assert again.verdict is Verdict.RACE_FOUND, str(again)


TWINS = {
    "value": ("process", lambda s: (s.value("i", 2), s.lock()), take_from_value_locked, value_of),
    "own lock": ("process", lambda s: s.value("i", 2), take_under_its_own_lock, value_of),
    "dict": ("manager", lambda s: (s.dict({"count": 2}), s.lock()), take_from_dict_locked, count_of),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_locked_twins_are_never_reported(name: str, thorough: bool) -> None:
    """Under every one of 500 schedules they pass; under forty, where it is not to take long."""
    backend, setup, take, read = TWINS[name]
    schedules = SCHEDULES if thorough else QUICK_SCHEDULES
    report = explore(
        take, backend=backend, setup=setup, check=lambda place, *_: read(place) == 0,
        start_method="fork", seed=1, schedules=schedules, seconds=600,
    )  # fmt: skip
    assert report.verdict is Verdict.NOT_FOUND, str(report)
    assert (report.runs, report.failures, report.not_covered) == (schedules, 0, ())
