"""What a race is called, and on what, where the program goes a long way round to what it changes."""

from __future__ import annotations

import threading
from typing import Any

from pytest_racecheck import explore
from pytest_racecheck.model.result import Failure


class Table(dict[str, int]):
    """Counts by way of its base class."""

    def count(self, name: str) -> None:
        super().__setitem__(name, super().__getitem__(name) + 1)


class Holder:
    """Has a table of that kind."""

    def __init__(self) -> None:
        self.table = Table(all=0)


class Counter:
    """Counts."""

    number = 0


class Proxy:
    """Stands for another object."""

    def __init__(self, inner: object) -> None:
        object.__setattr__(self, "inner", inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.inner, name, value)


def failure_of(target: Any, setup: Any, check: Any = None) -> Failure:
    """What two tasks that do that come to, and that what they do under a lock fails nowhere."""

    def safely(lock: Any, *state: Any) -> None:
        with lock:
            target(*state)

    report = explore(target, setup=setup, check=check, workers=2, schedules=300, seed=1)
    assert report.failure is not None
    checked = None if check is None else lambda _lock, *state: check(*state)
    twin = explore(
        safely,
        setup=lambda: (threading.Lock(), setup()),
        check=checked,
        workers=2,
        schedules=100,
        seed=1,
    )
    assert twin.failure is None
    return report.failure


def test_an_object_is_not_called_super() -> None:
    """A method that asks its base class touches what the program knows the object by."""
    failure = failure_of(
        lambda table: table.count("all"), lambda: Table(all=0), lambda table: table["all"] == 2
    )
    assert (failure.kind, failure.resource) == ("lost update", "table")
    failure = failure_of(
        lambda holder: holder.table.count("all"), Holder, lambda holder: holder.table["all"] == 2
    )
    assert (failure.kind, failure.resource) == ("lost update", "Holder.table")


def test_an_update_by_way_of_a_proxy_is_one() -> None:
    """Its `getattr` and `setattr` are what an attribute access would be, with the values."""

    def increment(proxy: Any) -> None:
        proxy.number += 1

    failure = failure_of(increment, lambda: Proxy(Counter()), lambda proxy: proxy.inner.number == 2)
    assert (failure.kind, failure.resource) == ("lost update", "Counter.number")
    values = [step.value for step in failure.trace if step.name == "Counter.number"]
    assert values == ["0", "0", "1", "1"]
