"""What a manager's server is asked and answers, as text."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from multiprocessing.managers import RebuildProxy  # type: ignore[attr-defined]
from typing import Any

import pytest

from pytest_racecheck.runtime.processes.answers import answer_as_text, method_asked_for

made: list[object] = []


def make() -> object:
    made.append(1)
    return Loud()


class Loud:
    """Tells whoever makes one."""

    def __reduce__(self) -> Any:
        return make, ()


class Kept(dict[str, int]):
    """A dictionary of the program's own."""


class Proxy:
    """Travels as a proxy does."""

    def __reduce__(self) -> Any:
        return RebuildProxy, (RebuildProxy, object(), "pickle", {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        ({"a": [1, None]}, "{'a': [1, None]}"),
        (OrderedDict(a=1), "OrderedDict([('a', 1)])"),
        (Loud(), "<make>"),
        (Kept(a=1), "<Kept>"),
        ([Proxy()], "[<proxy>]"),
    ],
)
def test_plain_values_are_shown_and_others_named(value: object, text: str) -> None:
    """Nothing of the program's own is made."""
    answer = answer_as_text(pickle.dumps(("#RETURN", value)))
    assert answer is not None
    assert answer.replace("OrderedDict({'a': 1})", "OrderedDict([('a', 1)])") == text
    assert not made


def test_what_is_no_value_is_not_shown() -> None:
    """An exception, and what cannot be read."""
    assert answer_as_text(pickle.dumps(("#ERROR", KeyError("a")))) is None
    assert answer_as_text(b"") is None


def test_the_method_is_known_without_its_arguments() -> None:
    """As a proxy sends it."""
    assert method_asked_for(pickle.dumps(("1", "wait", (Loud(),), {}))) == "wait"
    assert not made
