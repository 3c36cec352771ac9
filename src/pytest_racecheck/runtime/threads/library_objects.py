"""Containers that libraries have in Python: what an operator does to them nobody sees step by step, so it counts as one operation.

A cache of an installed package, a ChainMap, a shelf. Methods that the program calls by name are black boxes anyway (`calls.Calls`); this is about
`cache[key]`, `in`, `len` and `for`. What the program's own classes do shows itself, and so do the steps of what they have from an abstract class,
which goes through methods of theirs.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.resources import mro_of

if TYPE_CHECKING:
    from collections.abc import Callable

_OPERATORS = (
    "__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__", "__len__", "__missing__", "__ior__", "__iadd__",
)  # fmt: skip
# Abstract classes, and what stands for something elsewhere, whose operations are told there.
_NOT_ITSELF = frozenset(
    {"_collections_abc", "abc", "typing", "multiprocessing", "pytest_racecheck", "enum"}
)


def holder_for(kind: type) -> Callable[[Any], object | None] | None:
    """What finds the container that an operator on an object of a class in Python acts on; None where the class has no such operator of a library."""
    if any(_root(base) == "multiprocessing" for base in mro_of(kind)):
        return None
    files = frozenset(
        function.__code__.co_filename
        for base in mro_of(kind)
        if _root(base) not in _NOT_ITSELF
        for function in map(base.__dict__.get, _OPERATORS)
        if type(function) is FunctionType
    )
    return partial(_itself_unless_seen, files) if files else None


def is_one(obj: object) -> bool:
    """Whether it is such a container."""
    find = holder_for(type(obj))
    return find is not None and find(obj) is obj


def _itself_unless_seen(files: frozenset[str], obj: object) -> object | None:
    """`obj`, but where the scope shows what its operators do."""
    seen = control.scheduler.in_scope
    return None if all(map(seen, files)) else obj


def _root(kind: type) -> str:
    return str(kind.__dict__.get("__module__")).partition(".")[0]
