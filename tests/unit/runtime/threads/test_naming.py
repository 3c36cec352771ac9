"""What the source calls things."""

from __future__ import annotations

import sys
import threading
from typing import Any

from pytest_racecheck.runtime.threads.naming import frames_from, name_of

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
