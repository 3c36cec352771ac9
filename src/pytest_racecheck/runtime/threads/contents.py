"""Containers: what instructions on objects, and calls of C code, can change.

The library's containers that are written in Python (`UserDict`, `WeakValueDictionary`, ...) are containers all the same; of the former
what counts is the one inside. What calls do to them is in `calls.py`.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import gc
import operator
import os
import re
import struct
from collections.abc import Callable, Iterable
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any

from pytest_racecheck.runtime.threads import library_objects
from pytest_racecheck.runtime.threads.resources import (
    VOLATILE,
    is_a,
    mro_of,
    own_dict,
)

#: Those of C.
CONTAINERS = (list, dict, set, bytearray, collections.deque)
#: Containers in Python around one of C, which they call `data`.
WRAPPED_CONTAINERS = (collections.UserDict, collections.UserList)
#: They hold what they are going to call.
EXIT_STACKS = (contextlib.ExitStack, contextlib.AsyncExitStack)
_SIZED = (*CONTAINERS, tuple, str, bytes, frozenset)
# They look at what they are given.
_LOOKS = (len, isinstance, issubclass, callable, id)
# Of types: made at run time, as all classes in Python are; and not to be changed, which none of those is.
_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
READS = frozenset(
    [
        "get",
        "keys",
        "values",
        "items",
        "copy",
        "index",
        "count",
        "__len__",
        "__contains__",
        "__getitem__",
        "__iter__",
        "__eq__",
        "__ne__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__repr__",
        "__str__",
        "__hash__",
        "__bool__",
        "__reversed__",
        "__reduce__",
        "__reduce_ex__",
        "__sizeof__",
        "__or__",
        "__and__",
        "__sub__",
        "__xor__",
        "__add__",
        "__mul__",
        "isdisjoint",
        "issubset",
        "issuperset",
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "decode",
        "hex",
        "find",
        "rfind",
        "startswith",
        "endswith",
        "split",
        "join",
        "tobytes",
        "tolist",
        "peek",
        "maxlen",
        "most_common",
        "total",
        "elements",
        "empty",
        "full",
        "qsize",
        "is_set",
        "locked",
        "read_text",
        "exists",
        "is_file",
        "is_dir",
    ]
)
# What their classes do in C is about classes.
_ABSTRACT = frozenset({"typing", "_typing", "_abc", "_thread"})

# A mapping in Python whose own steps nobody sees.
ENVIRONMENT = type(os.environ)

_kinds: dict[type, Callable[[Any], object | None]] = {}


def is_builtin(kind: type) -> bool:
    """Whether a type is written in C, so that its attributes are its own methods."""
    flags = kind.__flags__
    return (not flags & _HEAP or bool(flags & _IMMUTABLE)) and kind is not ModuleType


def holder(obj: object) -> object | None:
    """The container whose contents an instruction on `obj` touches; None where nothing that could be shared is."""
    kind = type(obj)
    found = _kinds.get(kind)
    if found is None:
        found = _kinds[kind] = _holder_for(kind)
    return found(obj)


def is_generator(obj: object) -> bool:
    """Whether whoever goes over `obj` changes it."""
    return type(obj) is GeneratorType


def _itself(obj: object) -> object:
    return obj


def _none(_obj: object) -> None:
    return None


def _wrapped(obj: object) -> object | None:
    return (own_dict(obj) or {}).get("data")


def _underlying(obj: object) -> object | None:
    """What a view, an iterator, or a chain of them, goes over."""
    for _ in range(4):
        inner = [held for held in gc.get_referents(obj) if not is_a(held, (type, str, int, tuple))]
        if not inner:
            return None
        obj = inner[0]
        if is_a(obj, CONTAINERS):
            return obj
    return None


def _viewed(view: memoryview) -> object | None:
    """What its bytes are those of; there may be any number of views on that."""
    try:
        return holder(view.obj)
    except ValueError:
        # It has been released.
        return None


_ITERABLES: tuple[Iterable[object], ...] = (
    [], {}, set(), b"", bytearray(), collections.deque(), {}.keys(), {}.values(), {}.items(),
)  # fmt: skip
_ITERATORS = frozenset(
    {type(iter(made)) for made in _ITERABLES}
    | {type(reversed([])), type(reversed({})), type({}.keys()), type({}.values()), type({}.items())}
    | {enumerate, zip, map, filter}
)  # fmt: skip
_PRIVATE = frozenset(
    {
        int, float, complex, bool, str, bytes, tuple, frozenset, range, slice, type(None), type(...), type(NotImplemented),
        CodeType, FunctionType, MethodType, BuiltinFunctionType, ModuleType, type, property, staticmethod, classmethod, type(iter(())),
        re.Pattern, re.Match, struct.Struct, functools.partial, operator.itemgetter, operator.attrgetter, operator.methodcaller,
        type(iter(range(0))), type(iter("")),
    }
)  # fmt: skip


def _holder_for(kind: type) -> Callable[[Any], object | None]:
    if issubclass(kind, CONTAINERS):
        return _itself
    if issubclass(kind, WRAPPED_CONTAINERS):
        return _wrapped
    if issubclass(kind, (*VOLATILE, *EXIT_STACKS, ENVIRONMENT)):
        return _itself
    if kind in _ITERATORS:
        return _underlying
    if kind is memoryview:
        return _viewed
    if kind in _PRIVATE or issubclass(kind, (type, BaseException)):
        return _none
    # What a Python class does, its own methods show; not what it does in C, as a class made from one of C.
    if kind is GeneratorType or _does_things_in_c(kind):
        return _itself
    return library_objects.holder_for(kind) or _none


def _does_things_in_c(kind: type) -> bool:
    built_in = {base for base in mro_of(kind) if is_builtin(base)} - {object}
    return bool(built_in) and not any(
        base in _PRIVATE or base.__module__ in _ABSTRACT for base in built_in
    )


def only_reads(callee: Any, arguments: tuple[object, ...]) -> bool:
    """Whether a call of C does nothing but look into a container of C, or at what its arguments are."""
    if type(callee) is not BuiltinFunctionType:
        return False
    if callee in _LOOKS:
        return callee is not len or type(arguments[0]) in _SIZED
    return type(callee.__self__) in CONTAINERS and callee.__name__ in READS
