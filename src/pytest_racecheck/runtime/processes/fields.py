"""Which part of a piece of shared memory an access is about.

What multiprocessing allocates is one resource, unless it is made of structures: then each field is, wherever it lies in nested structures and
arrays, since `point.x` and `point.y` are as little the same as two attributes of an object. An array of numbers, as a field or by
itself, counts as one, like any container.

To get at a structure or an array inside of another one, as `line.start` or `points[1]` do, reads nothing: what comes back is a view of the same
memory. To assign one, or to hand it to a call, is about all that is in it. Who has done that once, in this run or an earlier one, has
shown that the memory is used as a whole, and from then on it is one resource after all (`Pieces`). So is what has unions in it,
where fields lie on top of each other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.request import Key
    from pytest_racecheck.runtime.threads.resources import Resource, Resources

_CHARACTERS = (ctypes.c_char, ctypes.c_wchar)
_AGGREGATES = (ctypes.Structure, ctypes.Union, ctypes.Array)
_WHOLE, _VIEW = "whole", "view"
#: The name for all that something holds.
ALL = "*"


def key_of_part(key: Key, obj: Any, name: str, *, writes: bool) -> Key:
    """The key for an access to what `obj` has under `name`, or without a name to what an array holds, in the memory known by `key`."""
    outermost = _outermost(obj)
    if not _has_fields(type(outermost)):
        return key
    return (*key, type(outermost).__qualname__, _part(obj, outermost, name, writes=writes))


def is_view(key: Key) -> bool:
    """Whether nothing is read there."""
    return bool(key[-1] == _VIEW)


def place_in_array(obj: Any) -> int | None:
    """Which item of an array it is; None for what is none."""
    around = getattr(obj, "_b_base_", None)
    if not isinstance(around, ctypes.Array) or not isinstance(obj, around._type_):
        return None
    return (ctypes.addressof(obj) - ctypes.addressof(around)) // ctypes.sizeof(obj)


def _part(obj: Any, outermost: Any, name: str, *, writes: bool) -> int | str:
    if any(isinstance(one, ctypes.Union) for one in _around(obj)):
        return _WHOLE
    start = ctypes.addressof(obj) - ctypes.addressof(outermost)
    if isinstance(obj, ctypes.Structure) and name:
        kind, offset = _field_type(type(obj), name), getattr(type(obj), name, None)
        if kind is None or offset is None:
            return _WHOLE
        start += offset.offset
    elif isinstance(obj, ctypes.Array) and not name:
        kind = type(obj) if _is_simple(obj._type_) else obj._type_
        if kind is type(obj):
            return start
    else:
        return _WHOLE
    if not issubclass(kind, _AGGREGATES) or _is_text(kind):
        return start
    if not writes:
        return _VIEW
    return start if issubclass(kind, ctypes.Array) and _is_simple(kind._type_) else _WHOLE


def _around(obj: Any) -> Iterator[Any]:
    """The object and what it is in, from the inside."""
    while isinstance(obj, _AGGREGATES):
        yield obj
        obj = obj._b_base_


def _outermost(obj: Any) -> Any:
    return [obj, *_around(obj)][-1]


def _field_type(kind: type, name: str) -> Any:
    for one in kind.__mro__:
        for field in vars(one).get("_fields_", ()):
            if field[0] == name:
                return field[1]
    return None


def _is_simple(kind: Any) -> bool:
    return not issubclass(kind, _AGGREGATES)


def _is_text(kind: Any) -> bool:
    """Whether what comes back from such a field is a copy of what is in it."""
    return issubclass(kind, ctypes.Array) and kind._type_ in _CHARACTERS


def _has_fields(kind: Any) -> bool:
    while issubclass(kind, ctypes.Array):
        kind = kind._type_
    return issubclass(kind, ctypes.Structure)


class Pieces:
    """The resources of shared memory that is made of structures, in one run after the other."""

    def __init__(self) -> None:
        # The names of types whose memory was used as a whole.
        self._undivided: set[str] = set()
        # The parts that were touched in this run, as keys alone: in that order.
        self._parts: dict[Key, dict[Resource, None]] = {}

    def begin(self) -> None:
        """A run begins."""
        self._parts.clear()

    def of(self, resources: Resources, key: Key) -> Resource:
        """The resource that a key of shared memory stands for."""
        *whole, name, part = key
        if part == _WHOLE:
            self._undivided.add(name)
        if part == _VIEW or name not in self._undivided:
            found = resources.shared(key)
            if part != _VIEW:
                self._parts.setdefault(tuple(whole), {})[found] = None
            return found
        resource = resources.shared(tuple(whole))
        for one in self._parts.pop(tuple(whole), ()):
            # What is done to all of it comes after what was done to its parts.
            resource.last_write = hash((resource.last_write, one.last_write, one.reads))
        return resource


def is_divided(key: Key) -> bool:
    """Whether a key is that of a part, or of memory that has parts."""
    return key[:1] == ("memory",) and isinstance(key[-2], str)
