"""Containers that libraries have in Python."""

from __future__ import annotations

import sys
import types
from collections import ChainMap
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict

CACHE = """
class Cache:
    '''As an installed package may have it.'''

    def __init__(self):
        self._kept = {}

    def __contains__(self, key):
        return key in self._kept

    def __getitem__(self, key):
        return self._kept[key]

    def __setitem__(self, key, value):
        self._kept[key] = value

    def __len__(self):
        return len(self._kept)
"""


@pytest.fixture
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A class of a package that is no part of the project."""
    file = tmp_path / "caching.py"
    file.write_text(CACHE)
    module = types.ModuleType("caching")
    monkeypatch.setitem(sys.modules, "caching", module)
    exec(compile(CACHE, str(file), "exec"), vars(module))  # noqa: S102
    made: Callable[[], Any] = vars(module)["Cache"]
    return made


class Shop:
    """Keeps its figures in one of them."""

    def __init__(self, kept: Any) -> None:
        self.kept = kept
        self.kept["sold"] = 0
        self.made = 0

    def sell(self) -> None:
        self.kept["sold"] += 1

    def look_up(self) -> None:
        if "prices" not in self.kept:
            self.made += 1
            self.kept["prices"] = 1


def explored(target: Any, setup: Any, check: Any) -> Any:
    return explore(
        target, setup=setup, check=check, workers=2, schedules=200, backend="thread", seed=1
    )


def test_a_value_in_one_loses_an_update(cache: Any) -> None:
    """What its operators do is an operation on it, with the value that was there."""
    for make in (cache, ChainMap):
        report = explored(
            Shop.sell, lambda make=make: Shop(make()), lambda shop: shop.kept["sold"] == 2
        )
        assert report.verdict is Verdict.RACE_FOUND
        assert (report.failure.kind, report.failure.resource) == ("lost update", "Shop.kept")
        assert "Only a free-threaded build" not in str(report)


def test_to_ask_whether_something_is_in_one(cache: Any) -> None:
    """Another task may have put it there before it is acted upon."""
    report = explored(Shop.look_up, lambda: Shop(cache()), lambda shop: shop.made == 1)
    assert report.verdict is Verdict.RACE_FOUND


class Own(MutableMapping[str, int]):
    """The project's own, with what the abstract class adds to that."""

    def __init__(self) -> None:
        self.items_: dict[str, int] = {}

    def __getitem__(self, key: str) -> int:
        return self.items_[key]

    def __setitem__(self, key: str, value: int) -> None:
        self.items_[key] = value

    def __delitem__(self, key: str) -> None:
        del self.items_[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_)

    def __len__(self) -> int:
        return len(self.items_)


def test_what_the_project_does_itself_shows_its_steps() -> None:
    """There the operation is on what is inside."""
    report = explored(Shop.sell, lambda: Shop(Own()), lambda shop: shop.kept["sold"] == 2)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure.resource == "Own.items_"
