"""Values as text, without running any of the program's code."""

from __future__ import annotations

import enum
import types
import weakref
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest

from pytest_racecheck.runtime.threads.resources import Resource
from pytest_racecheck.runtime.threads.values import shown


class Explodes:
    """Its representation must not be called."""

    def __repr__(self) -> str:
        raise AssertionError("code of the program was run")


class Plain:
    """Has none."""


@dataclass
class Point:
    """Has one that asks its fields."""

    x: int
    y: object


class Color(enum.Enum):
    """Named values."""

    RED = 1


class Holder:
    """Holds a value."""

    def __init__(self, value: Any) -> None:
        self.value = value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        ("é", "'é'"),
        ([1, "a"], "[1, 'a']"),
        (Explodes(), "<Explodes>"),
        ([Explodes()], "[<Explodes>]"),
        ({"k": Plain()}, "{'k': <Plain>}"),
        (Point(1, Explodes()), "Point(x=1, y=<Explodes>)"),
        (Color.RED, "Color.RED"),
        (Fraction(1, 2), "Fraction(1, 2)"),
        (Plain, "Plain"),
        ([weakref.ref(Plain)], "[<ReferenceType>]"),
    ],
)
def test_shown(value: object, text: str) -> None:
    """Plain values as they are, fields one by one, and of everything else the class."""
    assert shown(Resource(0, Holder(value), "value")) == text


def test_long_values_are_cut() -> None:
    """Nobody reads a thousand letters."""
    assert len(shown(Resource(0, Holder("x" * 1000), "value")) or "") <= 45


def test_what_is_not_there_has_no_text() -> None:
    """An attribute that is missing is None, not an error."""
    assert shown(Resource(0, Holder(1), "other")) is None


class Lazy(types.ModuleType):
    """A module that answers by running code."""

    def __getattribute__(self, name: str) -> Any:
        """Nobody may ask."""
        raise AssertionError("code of the program was run")


class Counted(dict[str, int]):
    """A container that answers by running code."""

    def __getattribute__(self, name: str) -> Any:
        """Nobody may ask."""
        raise AssertionError("code of the program was run")


def test_nobody_is_asked_for_its_attributes() -> None:
    """Modules are shown by their names, what answers by running code by its class."""
    assert shown(Resource(0, Holder(Lazy("m")), "value")) == "<module 'm'>"
    assert shown(Resource(0, Holder(Counted()), "value")) == "<Counted>"
    assert shown(Resource(0, Lazy("m"), "value")) is None
    assert shown(Resource(0, Lazy("m"), "__name__")) == "'m'"
