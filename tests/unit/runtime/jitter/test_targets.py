"""Which setups are given the maker of shared objects."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_racecheck.runtime.jitter.targets import wants_shared


class Counter:
    """Starts where it is told to."""

    def __init__(self, value: int = 0) -> None:
        self.value = value


class Shop:
    """Has its counter from somebody."""

    def __init__(self, shared: Any = None) -> None:
        self.counter = shared


def anything(*arguments: Any) -> Any:
    return arguments


@pytest.mark.parametrize("setup", [lambda shared: shared, lambda s: s, Shop, anything])
def test_who_asks_for_it_is(setup: Callable[..., Any]) -> None:
    """By an argument that has to be given, or by its name."""
    assert wants_shared(setup)


@pytest.mark.parametrize(
    "setup",
    [
        list,
        dict,
        set,
        bytearray,
        threading.Lock,
        Counter,
        lambda: 1,
        lambda n=3: n,
        lambda **words: words,
    ],
)
def test_who_does_not_is_not(setup: Callable[..., Any]) -> None:
    """What has a value of its own for an argument has not asked for ours."""
    assert not wants_shared(setup)
