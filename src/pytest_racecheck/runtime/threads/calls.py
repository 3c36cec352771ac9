"""What calls touch, and whether they may change it.

Of C code only what it is called on can be seen. A method of a built-in container reads or writes that container, by its name;
a built-in function (`len`, `sorted`, `heapq.heappush`) acts on its first argument. A Python function out of scope is a black box: it
counts as one operation on the object it is a method of, or on its module, unless its module is known to keep nothing
between calls, or to do everything through primitives that are controlled themselves. To call a weak reference is to read it.
"""

from __future__ import annotations

import functools
import operator
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from pytest_racecheck.runtime.threads import filesystem
from pytest_racecheck.runtime.threads.contents import READS, holder, is_builtin, is_generator
from pytest_racecheck.runtime.threads.in_depth import IN_DEPTH, looked_at, whole
from pytest_racecheck.runtime.threads.quiet_modules import is_quiet, root_of
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    SEVERAL,
    Several,
    Touched,
    holder_of,
    is_a,
    own_dict,
)

# What stands in for the library's functions is a point by itself.
_OURS = str(Path(__file__).parents[2]) + os.sep

# Built-in functions that change what their first argument holds.
_WRITING = frozenset(
    {
        "setattr", "delattr", "next", "anext", "heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left",
        "insort_right", "setitem", "delitem", "iadd", "iconcat", "shuffle",
    }
)  # fmt: skip
# Of C, they look at a buffer among their arguments; the last one changes it.
_ON_BUFFERS = frozenset({"unpack", "unpack_from", "iter_unpack", "pack_into"})
# Methods of C that look at what they are given; and those that change it.
_TAKING = frozenset(
    {
        "extend", "extendleft", "update", "difference_update", "intersection_update", "symmetric_difference_update", "union", "intersection",
        "difference", "symmetric_difference", "issubset", "issuperset", "isdisjoint", "__iadd__", "__ior__", "write", "writelines",
        "writerow", "writerows", "dump", "readinto",
    }
)  # fmt: skip
_FILLING = frozenset({"readinto"})
# Their functions look at all attributes of a thing.
_WHOLE = frozenset({"copy", "dataclasses"})
_DUMPING = frozenset({"dump", "dumps"})
_UNBOUND = frozenset({WrapperDescriptorType, MethodDescriptorType})
_ATTRIBUTE_METHODS = {"__getattribute__": False, "__setattr__": True, "__delattr__": True}
_ATTRIBUTE_CALLS = {getattr: False, hasattr: False, setattr: True, delattr: True}
#: Callables written in C that are no functions: what `functools.cache` makes; and what acts on its first argument.
CACHED = type(functools.lru_cache(abs))
_ON_FIRST = frozenset({operator.itemgetter, operator.attrgetter, operator.methodcaller})


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
        return _attribute((receiver, *arguments), _ATTRIBUTE_METHODS[callee.__name__])
    if callee is vars and arguments:
        return None if own_dict(arguments[0]) is None else (arguments[0], "__dict__", False)
    if receiver is None or is_a(receiver, ModuleType):
        if arguments and callee in _ATTRIBUTE_CALLS:
            return _attribute(arguments, _ATTRIBUTE_CALLS[callee])
        if filesystem.is_outside(getattr(callee, "__module__", None)):
            return filesystem.of_function(callee.__name__, arguments)
        return _function(callee, arguments)
    return None if is_a(receiver, type) else _built_in_method(receiver, callee.__name__, arguments)


def _built_in_method(receiver: Any, name: str, arguments: tuple[object, ...]) -> Touched | None:
    found = holder(receiver)
    if found is not None:
        return (
            _taking(found, name, arguments)
            if name in _TAKING
            else (found, CONTENTS, name not in READS)
        )
    if name in _ON_BUFFERS:
        return _on_buffer(name, arguments)
    if name == "format" and arguments and is_a(receiver, str) and str.__contains__(receiver, "."):
        # There may be attributes in the braces.
        return whole(arguments[0])
    found = holder(arguments[0]) if arguments else None
    return None if found is None else (found, CONTENTS, False)


def _function(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    """A function in C, by its first argument."""
    if not arguments:
        return None
    name = callee.__name__
    found = holder(arguments[0])
    if found is None and name in _ON_BUFFERS:
        return _on_buffer(name, arguments)
    if name in _DUMPING and name in IN_DEPTH.get(callee.__module__, ()):
        return looked_at(arguments[0])
    return None if found is None else (found, CONTENTS, name in _WRITING or is_generator(found))


def _taking(found: object, name: str, arguments: tuple[object, ...]) -> Touched:
    """`items.extend(others)`: the others are read."""
    main: Touched = (found, CONTENTS, name not in READS)
    if name in _DUMPING:
        return (looked_at(arguments[0]) if arguments else None) or main
    held = [held for held in map(holder, arguments) if held is not None and held is not found]
    if not held:
        return main
    others = [(one, name in _FILLING or is_generator(one)) for one in held]
    return (Several(main, others), SEVERAL, main[2])


def _on_buffer(name: str, arguments: tuple[object, ...]) -> Touched | None:
    found = next((held for held in map(holder, arguments) if held is not None), None)
    return None if found is None else (found, CONTENTS, name == "pack_into")


def _of_unbound(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    """`list.append(items, 1)`, and what a method does that calls its base class by name."""
    if not arguments:
        return None
    if callee.__name__ in _ATTRIBUTE_METHODS:
        return _attribute(arguments, _ATTRIBUTE_METHODS[callee.__name__])
    found = holder(arguments[0])
    return None if found is None else (found, CONTENTS, callee.__name__ not in READS)


def _attribute(arguments: tuple[object, ...], writes: bool) -> Touched | None:
    """`object.__setattr__(self, "n", 1)`, `setattr(self, "n", 1)`."""
    if len(arguments) < 2 or not is_a(arguments[1], str):
        return None
    found = holder_of(arguments[0], arguments[1], writes)
    return None if found is None else (found, arguments[1], writes)


def _constructed(callee: type, arguments: tuple[object, ...]) -> Touched | None:
    """`list(x)`, `dict(x)`, `array("i", x)` and their like read `x`."""
    if not arguments or not is_builtin(callee):
        return None
    held = [(one, is_generator(one)) for one in map(holder, arguments) if one is not None]
    if not held:
        return None
    first, *others = held
    main: Touched = (first[0], CONTENTS, first[1])
    return (Several(main, others), SEVERAL, first[1]) if others else main


def _of_container(callee: Any) -> Touched | None:
    """A method that a container of the library has in Python: `Counter.update`, `WeakValueDictionary.get`."""
    found = None if is_a(callee.__self__, type) else holder(callee.__self__)
    return None if found is None else (found, CONTENTS, callee.__func__.__name__ not in READS)


def _method(callee: Any, arguments: tuple[object, ...]) -> Touched | None:
    receiver = callee.__self__
    if is_a(receiver, type):
        return None
    if filesystem.is_path(receiver):
        return filesystem.of_path(callee.__func__, arguments)
    return (receiver, CONTENTS, callee.__func__.__name__ not in READS)


def _of_quiet(function: FunctionType, arguments: tuple[object, ...]) -> Touched | None:
    """`json.dumps(items)`, `copy.copy(thing)`: they keep nothing, and look at what they are given."""
    first = arguments[0] if arguments else None
    root = root_of(function)
    if function.__name__ in IN_DEPTH.get(root, ()):
        return looked_at(first, root)
    found = holder(first)
    if found is not None:
        return (found, CONTENTS, function.__name__ in _WRITING)
    return whole(first) if root in _WHOLE else None


def _black_box(function: FunctionType, arguments: tuple[object, ...]) -> Touched | None:
    if filesystem.is_about_files(root_of(function)):
        return filesystem.of_function(function.__name__, arguments)
    return (function.__globals__, CONTENTS, True)
