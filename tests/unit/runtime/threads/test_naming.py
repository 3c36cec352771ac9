"""What the source calls things."""

from __future__ import annotations

import collections
import linecache
import sys
import threading
from typing import Any

import pytest

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.threads.naming import frames_from, name_of, resource_name
from pytest_racecheck.runtime.threads.resources import CONTENTS, Resource

THE_LOCK = threading.Lock()


class Account:
    """Holds a lock, and locks in a list."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.locks = [threading.Lock(), threading.Lock()]
        self.by_name = {"left": threading.Lock()}


class Slotted:
    """Holds one in a slot."""

    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Buffer:
    """A condition around a lock that has a name of its own."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())


def named(obj: object) -> str:
    """Its name, as seen from the caller."""
    return name_of(
        obj, [f for f in frames_from([sys._getframe(1)]) if f.f_code.co_filename == __file__]
    )


def test_attributes() -> None:
    """An attribute has the name of its class, in a dictionary or in a slot."""
    account, slotted = Account(), Slotted()
    assert named(account.lock) == "Account.lock"
    assert named(slotted.lock) == "Slotted.lock"


def test_globals() -> None:
    """A global has its own."""
    assert named(THE_LOCK) == "THE_LOCK"


def test_elements() -> None:
    """An element of something that has a name has that and its place."""
    account, locks = Account(), [threading.Lock(), threading.Lock()]
    assert named(account.locks[1]) == "Account.locks[1]"
    assert named(account.by_name["left"]) == "Account.by_name['left']"
    assert named(locks[0]) == "locks[0]"


def test_variables() -> None:
    """A local variable's name, that of the outermost function first; looking leaves nothing behind."""
    outer = threading.Lock()

    def inner(argument: Any) -> str:
        return named(argument)

    assert inner(outer) == "outer"


def test_closures() -> None:
    """A variable that lives on in a closure has its name there."""

    def make() -> Any:
        mine = threading.Lock()
        return lambda: mine

    kept = make()
    assert name_of(kept()) == "mine"


def test_what_the_library_holds_is_named_last() -> None:
    """A lock inside of a condition is known as that only where nothing else holds it."""
    buffer = Buffer()
    assert named(buffer.changed) == "Buffer.changed"
    assert name_of(buffer.changed._lock) == "Condition._lock"


def test_nothing_holds_it() -> None:
    """Its type has to do."""
    assert name_of(object()) == "a object"


class Table:
    """What it keeps, it keeps in its class."""

    entries: list[object] = [object()]
    made: collections.UserDict[str, object] = collections.UserDict()


class Shelf(list[int]):
    """A container of the program's own."""


A_TEST_HOLDS_IT, ANOTHER_SHELF = Table.entries, Shelf()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The name of what an expression of the source touches."""

    def named_at(obj: object, source: str) -> str:
        monkeypatch.setitem(linecache.cache, "<source>", (len(source), None, [source], "<source>"))
        site = Site(Kind.LOAD_ITEM, "", "<source>", 1, "f", (0, 1, len(source)))
        return resource_name(Resource(0, obj, CONTENTS), site)

    return named_at


def test_attributes_of_classes(at: Any) -> None:
    """What a class holds is named by it, and so is what a container of the library that it holds wraps."""
    assert at(Table.made.data, "cls.made['k']") == "Table.made"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("self.entries[0]", "Table.entries"), ("A_TEST_HOLDS_IT[0]", "A_TEST_HOLDS_IT"), ("entries[0]", "Table.entries"),
        ("other[0]", "Table.entries"),
    ],
)  # fmt: skip
def test_the_source_decides_between_several(at: Any, source: str, name: str) -> None:
    """Of several that hold a thing the one is meant whose name stands at the place that touches it."""
    assert at(Table.entries, source) == name


def test_a_method_touches_its_own_object(at: Any) -> None:
    """What a method calls `self` is named by its class, whoever holds it; elsewhere it is named by who holds it."""
    assert at(ANOTHER_SHELF, "self[0]") == "Shelf"
    assert at(ANOTHER_SHELF, "shelf[0]") == "ANOTHER_SHELF"


def test_a_namespace_of_a_module_is_named_by_it(at: Any) -> None:
    """The dictionary behind globals, under whatever name a function has it."""
    assert at(globals(), "names['x']") == f"{__name__}.__dict__"


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 13), reason="3.13 does not tell the collector whose it is"
)
def test_a_namespace_of_an_object_is_named_by_its_class(at: Any) -> None:
    """The dictionary behind attributes, too."""
    account = Account()
    assert at(account.__dict__, "names['lock']") == "Account.__dict__"


def test_nobody_is_asked_for_its_class(at: Any) -> None:
    """Names are found past objects that answer by running code."""

    class Proxy:
        def __init__(self, inside: object) -> None:
            self.__dict__["inside"] = inside

        def __getattribute__(self, name: str) -> object:
            if name == "__dict__":
                return object.__getattribute__(self, name)
            raise RuntimeError(f"asked for {name}")

    inside: list[int] = []
    proxy = Proxy(inside)
    assert at(inside, "x[0]") == "Proxy.inside"
    assert name_of(proxy) == "a Proxy"


def test_what_runs_tests_names_nothing() -> None:
    """The value of a fixture is held by pytest, under names that no project knows."""
    kept = type("FixtureDef", (), {"__module__": "_pytest.fixtures"})()
    kept.cached_result = (["value"], None)
    kept.value = items = kept.cached_result[0]
    assert named(items) == "items"
