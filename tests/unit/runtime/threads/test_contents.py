"""What calls touch."""

from __future__ import annotations

import array
import collections
import copy
import ctypes
import functools
import heapq
import io
import json
import mmap
import operator
import os
import re
import sys
import weakref
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.runtime.threads.calls import Calls
from pytest_racecheck.runtime.threads.contents import holder
from pytest_racecheck.runtime.threads.resources import CONTENTS, holder_of

WRAPPED: list[Any] = [collections.UserDict(), collections.UserList()]
WEAK: list[Any] = [weakref.WeakKeyDictionary(), weakref.WeakValueDictionary(), weakref.WeakSet()]


class Registry(collections.UserDict[str, int]):
    """A program's own, made from one of the library's."""


class Secret:
    """All that it does is in Python."""


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


class Numbers(array.array):  # type: ignore[type-arg]
    """Made from a class in C."""


class Pair(ctypes.Structure):
    """Its fields lie in it."""

    _fields_ = (("x", ctypes.c_int),)


@pytest.mark.parametrize(
    "made", [array.array("q", [0]), Numbers("q", [0]), (ctypes.c_int * 2)(), mmap.mmap(-1, 8)]
)
def test_what_does_things_in_c_holds_what_is_in_it(made: Any) -> None:
    """Whether or not its class was made at run time, and whether or not a class in Python was made from it."""
    assert holder(made) is made


@pytest.mark.parametrize(
    "made", [re.compile("x"), collections.namedtuple("Point", "x")(1), 3, "text", Secret()]
)
def test_what_never_changes_holds_nothing(made: Any) -> None:
    """Nor does what is in Python altogether."""
    assert holder(made) is None


def test_fields_of_structures_are_their_own() -> None:
    """They are descriptors of a kind of their own."""
    pair = Pair()
    assert holder_of(pair, "x") is pair


def test_print_writes_to_its_file(capsys: Any) -> None:
    """Where none is given, to standard output as it is then."""
    file = io.StringIO()
    assert touched(print, "text", file) == (file, CONTENTS, True)
    assert touched(print, "text") == (sys.stdout, CONTENTS, True)


def test_methods_that_are_called_by_the_name_of_their_class() -> None:
    """They act on their first argument, as a class does that extends them; those that set attributes on one of those."""
    items: list[int] = []
    secret = Secret()
    assert touched(list.append, items, 1) == (items, CONTENTS, True)
    assert touched(dict.__getitem__, {"a": 1}, "a") == ({"a": 1}, CONTENTS, False)
    assert touched(object.__setattr__, secret, "n") == (secret, "n", True)
    assert touched(secret.__setattr__, "n", 1) == (secret, "n", True)
    assert touched(object.__getattribute__, secret, "n") == (secret, "n", False)
    assert touched(list.append) is None


def count_in_environment() -> None:
    os.environ["RACECHECK_COUNT"] = str(int(os.environ["RACECHECK_COUNT"]) + 1)


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one resource, and its name is all that a report says of it: others of its variables may be secret.

    Half of the schedules lose an update.
    """

    def setup() -> None:
        monkeypatch.setenv("RACECHECK_COUNT", "0")

    report = explore(
        count_in_environment,
        setup=setup,
        check=lambda: os.environ["RACECHECK_COUNT"] == "2",
        schedules=60,
    )
    assert report.failure is not None
    assert (report.failure.kind, report.failure.resource) == ("lost update", "os.environ")
    assert {step.value for step in report.failure.trace if step.name == "os.environ"} == {None}


def test_quiet_functions_look_at_what_they_are_given() -> None:
    """At a container, and those that copy things at all attributes; at nothing else."""
    items: dict[str, int] = {}
    thing = Secret()
    assert touched(json.dumps, items) == (items, CONTENTS, False)
    assert touched(copy.copy, thing) == (thing, "__dict__", False)
    assert touched(copy.copy, 3) is None
    assert touched(json.dumps, thing) is None
    assert touched(vars, thing) == (thing, "__dict__", False)
