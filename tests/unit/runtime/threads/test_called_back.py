"""Operations of C that call the program in the middle: others may come in there."""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict


class Cached:
    """Computes something once, as it thinks."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.make = functools.lru_cache(maxsize=None)(lambda: [0])

    @functools.cached_property
    def value(self) -> list[int]:
        return [0]


def take_property(cached: Cached) -> None:
    cached.seen.append(cached.value)


def take_made(cached: Cached) -> None:
    cached.seen.append(cached.make())


def is_one(cached: Cached) -> bool:
    return cached.seen[0] is cached.seen[1]


def empty() -> list[int]:
    return []


class Groups:
    """Lists that are made when they are asked for."""

    def __init__(self) -> None:
        self.items: defaultdict[str, list[int]] = defaultdict(empty)

    def add(self) -> None:
        self.items["all"].append(1)


class Ranking:
    """Is kept in order by whoever adds to it."""

    def __init__(self) -> None:
        self.items = [3, 2, 1]

    def add(self) -> None:
        self.items.append(0)
        self.items.sort(key=lambda item: -item)


def verdict(target: Any, setup: Any, check: Any = None) -> Verdict:
    """Of two tasks that do that."""
    report = explore(
        target, setup=setup, check=check, workers=2, schedules=300, backend="thread", seed=1
    )
    assert report.failure is None or report.failure.preemptions == 1
    return report.verdict


def test_what_is_cached_may_be_made_twice() -> None:
    """Both miss it before one of them has kept it."""
    assert verdict(take_made, Cached, is_one) is Verdict.RACE_FOUND


def test_a_cached_property_may_be_computed_twice() -> None:
    """Up to 3.11 it has a lock."""
    racy = sys.version_info >= (3, 12)
    expected = Verdict.RACE_FOUND if racy else Verdict.NOT_FOUND
    assert verdict(take_property, Cached, is_one) is expected


def test_what_a_defaultdict_makes_may_replace_another_one() -> None:
    """From 3.14 on it keeps the first."""
    racy = sys.version_info < (3, 14)
    expected = Verdict.RACE_FOUND if racy else Verdict.NOT_FOUND
    assert verdict(Groups.add, Groups, lambda groups: len(groups.items["all"]) == 2) is expected


def test_a_list_is_empty_while_it_is_sorted() -> None:
    """Whoever adds to it meanwhile spoils that."""
    assert verdict(Ranking.add, Ranking) is Verdict.RACE_FOUND


def count(counts: defaultdict[str, int]) -> None:
    for _ in counts:
        pass


@pytest.mark.parametrize("key", ["new", "there"])
def test_to_ask_a_defaultdict_may_change_it(key: str) -> None:
    """Who goes over it meanwhile finds that it has grown, but for a key that is there."""

    def look(counts: defaultdict[str, int]) -> None:
        assert counts[key] == 0

    def setup() -> defaultdict[str, int]:
        return defaultdict(int, {"there": 0, "also": 0})

    targets: list[Callable[..., object]] = [count, look]
    report = explore(targets, setup=setup, schedules=300, backend="thread", seed=1)
    assert report.verdict is (Verdict.RACE_FOUND if key == "new" else Verdict.NOT_FOUND)


class Price:
    """Computes it from what may change."""

    def __init__(self) -> None:
        self.net = 1
        self.cached = functools.lru_cache(maxsize=None)(self.compute)

    def compute(self) -> int:
        return increased(self.net)

    @functools.cached_property
    def gross(self) -> int:
        return increased(self.net)

    def change(self) -> None:
        self.net = 5
        self.cached.cache_clear()
        self.__dict__.pop("gross", None)


def increased(number: int) -> int:
    return number + 1


@pytest.mark.parametrize("look", [lambda price: price.gross, lambda price: price.cached()])
def test_what_was_computed_is_kept_later(look: Callable[[Price], int]) -> None:
    """What it was computed from has changed by then, and what was cached before been thrown away."""
    targets: Any = [look, Price.change]
    report = explore(
        targets, setup=Price, check=lambda price: look(price) == 6, schedules=300, backend="thread", seed=1
    )  # fmt: skip
    assert report.verdict is Verdict.RACE_FOUND
