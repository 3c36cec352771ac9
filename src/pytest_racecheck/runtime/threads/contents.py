"""Containers, and the calls that touch them: what instructions on objects and calls of C code can change.

Of C code only what it is called on can be seen. A method of a built-in container reads or writes that container, by its name;
a built-in function (`len`, `sorted`, `heapq.heappush`) acts on its first argument. A Python function out of scope is a black box: it
counts as one operation on the object it is a method of, or on its module, unless its module is known to keep nothing
between calls, or to do everything through primitives that are controlled themselves. The library's containers that are written in Python
(`UserDict`, `WeakValueDictionary`, ...) are containers all the same; of the former what counts is the one inside. To call a weak reference is to
read it.
"""

from __future__ import annotations

import collections
import functools
import gc
import operator
import os
import re
import struct
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GeneratorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from pytest_racecheck.runtime.threads import filesystem, library_objects
from pytest_racecheck.runtime.threads.quiet_modules import is_quiet, root_of
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    VOLATILE,
    Touched,
    holder_of,
    is_a,
    mro_of,
    own_dict,
)

# What stands in for the library's functions is a point by itself.
_OURS = str(Path(__file__).parents[2]) + os.sep

#: Those of C.
CONTAINERS = (list, dict, set, bytearray, collections.deque)
#: Containers in Python around one of C, which they call `data`.
WRAPPED_CONTAINERS = (collections.UserDict, collections.UserList)
_SIZED = (*CONTAINERS, tuple, str, bytes, frozenset)
# They look at what they are given.
_LOOKS = (len, isinstance, issubclass, callable, id)
# Of types: made at run time, as all classes in Python are; and not to be changed, which none of those is.
_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
_READS = frozenset(
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
# Built-in functions that change what their first argument holds.
_WRITING = frozenset(
    [
        "setattr",
        "delattr",
        "next",
        "anext",
        "heappush",
        "heappop",
        "heapify",
        "heapreplace",
        "heappushpop",
        "insort",
        "insort_left",
        "insort_right",
        "setitem",
        "delitem",
        "iadd",
        "iconcat",
        "shuffle",
    ]
)
# Their functions look at all attributes of a thing.
_WHOLE = frozenset({"copy", "dataclasses"})
_UNBOUND = frozenset({WrapperDescriptorType, MethodDescriptorType})
_ATTRIBUTE_METHODS = {"__getattribute__": False, "__setattr__": True, "__delattr__": True}
_ATTRIBUTE_CALLS = {getattr: False, hasattr: False, setattr: True, delattr: True}
#: Callables written in C that are no functions: what `functools.cache` makes; and what acts on its first argument.
CACHED = type(functools.lru_cache(abs))
_ON_FIRST = frozenset({operator.itemgetter, operator.attrgetter, operator.methodcaller})

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
    if issubclass(kind, (*VOLATILE, ENVIRONMENT)):
        return _itself
    if kind in _ITERATORS:
        return _underlying
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
    return type(callee.__self__) in CONTAINERS and callee.__name__ in _READS


class Calls:
    """Decides what calls touch, for a scope: what is in it needs no decision, its own instructions show what it does."""

    def __init__(self, in_scope: Callable[[str], bool]) -> None:
        self._in_scope = in_scope

    def touched(self, callee: Any, arguments: tuple[object, ...]) -> Touched | None:
        """What calling `callee` touches: a holder, the name in it, and whether it may write there.

        None: nothing, or nothing by itself.
        """
        kind = type(callee)
        if kind is FunctionType:
            return self._by_function(callee, arguments)
        if kind is MethodType:
            return self._by_method(callee, arguments)
        if kind is BuiltinFunctionType or kind is MethodWrapperType:
            return _builtin(callee, arguments)
        if kind in _UNBOUND:
            return _of_unbound(callee, arguments)
        if kind is type:
            return _constructed(callee, arguments)
        if issubclass(kind, weakref.ref):
            return (callee, CONTENTS, False)
        if kind is CACHED:
            return (callee, CONTENTS, True)
        if issubclass(kind, functools.partial):
            return self.touched(callee.func, (*callee.args, *arguments))
        if kind in _ON_FIRST:
            found = holder(arguments[0]) if arguments else None
            return None if found is None else (found, CONTENTS, kind is operator.methodcaller)
        return None

    def _by_method(self, callee: Any, arguments: tuple[object, ...]) -> Touched | None:
        function = callee.__func__
        if type(function) is not FunctionType or self._in_scope(function.__code__.co_filename):
            return None
        return _of_container(callee) if is_quiet(function) else _method(callee, arguments)

    def _by_function(self, function: FunctionType, arguments: tuple[object, ...]) -> Touched | None:
        """What a Python function in scope does is seen without its call."""
        file = function.__code__.co_filename
        if self._in_scope(file) or file.startswith(_OURS):
            return None
        touched = _of_quiet if is_quiet(function) else _black_box
        return touched(function, arguments)


def _builtin(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    receiver = callee.__self__
    if callee is print:
        return filesystem.of_print(arguments)
    if callee.__name__ in _ATTRIBUTE_METHODS and not is_a(receiver, type):
        return _attribute_method(callee, (receiver, *arguments))
    if callee is vars and arguments:
        return None if own_dict(arguments[0]) is None else (arguments[0], "__dict__", False)
    if receiver is None or is_a(receiver, ModuleType):
        if arguments and callee in _ATTRIBUTE_CALLS:
            return _attribute_call(callee, arguments)
        if filesystem.is_outside(getattr(callee, "__module__", None)):
            return filesystem.of_function(callee.__name__, arguments)
        found = holder(arguments[0]) if arguments else None
        writes = callee.__name__ in _WRITING or is_generator(found)
        return None if found is None else (found, CONTENTS, writes)
    if is_a(receiver, type):
        return None
    found = holder(receiver)
    if found is not None:
        return (found, CONTENTS, callee.__name__ not in _READS)
    found = holder(arguments[0]) if arguments else None
    return None if found is None else (found, CONTENTS, False)


def _of_unbound(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    """`list.append(items, 1)`, and what a method does that calls its base class by name."""
    if not arguments:
        return None
    if callee.__name__ in _ATTRIBUTE_METHODS:
        return _attribute_method(callee, arguments)
    found = holder(arguments[0])
    return None if found is None else (found, CONTENTS, callee.__name__ not in _READS)


def _attribute_method(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    """`object.__setattr__(self, "n", 1)`."""
    if len(arguments) < 2 or not is_a(arguments[1], str):
        return None
    writes = _ATTRIBUTE_METHODS[callee.__name__]
    found = holder_of(arguments[0], arguments[1], writes)
    return None if found is None else (found, arguments[1], writes)


def _attribute_call(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    if len(arguments) < 2 or not is_a(arguments[1], str):
        return None
    writes = _ATTRIBUTE_CALLS[callee]
    found = holder_of(arguments[0], arguments[1], writes)
    return None if found is None else (found, arguments[1], writes)


def _constructed(callee: type, arguments: tuple[object, ...]) -> Touched | None:
    """`list(x)`, `dict(x)` and their like read `x`."""
    if not arguments or not is_builtin(callee):
        return None
    found = holder(arguments[0])
    return None if found is None else (found, CONTENTS, is_generator(found))


def _of_container(callee: Any) -> Touched | None:
    """A method that a container of the library has in Python: `Counter.update`, `WeakValueDictionary.get`."""
    found = None if is_a(callee.__self__, type) else holder(callee.__self__)
    return None if found is None else (found, CONTENTS, callee.__func__.__name__ not in _READS)


def _method(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    receiver = callee.__self__
    if is_a(receiver, type):
        return None
    if filesystem.is_path(receiver):
        return filesystem.of_path(callee.__func__, arguments)
    return (receiver, CONTENTS, callee.__func__.__name__ not in _READS)


def _of_quiet(function: FunctionType, arguments: tuple[object, ...]) -> Touched | None:
    """`json.dumps(items)`, `copy.copy(thing)`: they keep nothing, and look at what they are given."""
    first = arguments[0] if arguments else None
    found = holder(first)
    if found is not None:
        return (found, CONTENTS, function.__name__ in _WRITING)
    whole = root_of(function) in _WHOLE and not is_a(first, (type, ModuleType))
    return (first, "__dict__", False) if whole and own_dict(first) is not None else None


def _black_box(function: FunctionType, arguments: tuple[object, ...]) -> Touched | None:
    if filesystem.is_about_files(root_of(function)):
        return filesystem.of_function(function.__name__, arguments)
    return (function.__globals__, CONTENTS, True)
