"""What calls touch."""

from __future__ import annotations

import collections
import functools
import heapq
import json
import operator
import weakref
from typing import Any

import pytest

from pytest_racecheck.runtime.threads.contents import Calls, holder
from pytest_racecheck.runtime.threads.resources import CONTENTS

WRAPPED: list[Any] = [collections.UserDict(), collections.UserList()]
WEAK: list[Any] = [weakref.WeakKeyDictionary(), weakref.WeakValueDictionary(), weakref.WeakSet()]


class Registry(collections.UserDict[str, int]):
    """A program's own, made from one of the library's."""


def touched(callee: Any, *arguments: Any) -> Any:
    """What the call touches, with nothing in scope."""
    return Calls(lambda _file: False).touched(callee, arguments)


@pytest.mark.parametrize("container", [*WRAPPED, Registry()], ids=lambda one: type(one).__name__)
def test_the_librarys_containers_in_python_are_containers(container: Any) -> None:
    """What counts is the one inside of them, for operators as well as for methods."""
    assert holder(container) is container.data


@pytest.mark.parametrize("container", WEAK, ids=lambda one: type(one).__name__)
def test_weak_containers_count_as_a_whole(container: Any) -> None:
    """What is in them goes when others let go of it, without anybody touching what is inside."""
    assert holder(container) is container


def test_to_call_a_weak_reference_is_to_read_it() -> None:
    """What comes of it depends on others."""
    reference = weakref.ref(WEAK[0])
    assert touched(reference) == (reference, CONTENTS, False)


def test_callables_in_c() -> None:
    """A cache that a decorator has made, a partial function, and those that act on their first argument."""
    cached = functools.lru_cache(abs)
    assert touched(cached, 1) == (cached, CONTENTS, True)
    items: list[int] = []
    assert touched(functools.partial(items.append, 1)) == (items, CONTENTS, True)
    assert touched(functools.partial(heapq.heappush, items), 1) == (items, CONTENTS, True)
    assert touched(operator.itemgetter(0), items) == (items, CONTENTS, False)
    assert touched(operator.methodcaller("append", 1), items) == (items, CONTENTS, True)
    assert touched(operator.itemgetter(0), (1,)) is None


def test_their_methods_read_or_write() -> None:
    """By their names, as with those of C."""
    values: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
    assert touched(values.get, "k") == (values, CONTENTS, False)
    assert touched(values.pop, "k") == (values, CONTENTS, True)
    registry = Registry()
    assert touched(registry.update, {}) == (registry.data, CONTENTS, True)


def test_methods_in_python_of_containers_in_c() -> None:
    """`Counter` is a dictionary, but updates itself in Python."""
    counter: collections.Counter[str] = collections.Counter()
    assert touched(counter.update, "abc") == (counter, CONTENTS, True)
    assert touched(counter.most_common) == (counter, CONTENTS, False)


def test_other_methods_of_quiet_modules_touch_nothing() -> None:
    """What keeps nothing between calls has nothing to race on."""
    assert touched(json.JSONEncoder().encode, {}) is None


def test_nobody_is_asked_for_its_class() -> None:
    """What is called with an object that answers by running code runs none of it."""

    class Secretive:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"asked for {name}")

    assert touched(len, Secretive()) is None
    assert touched(getattr, Secretive(), "x") is not None
