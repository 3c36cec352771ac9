"""Memory that processes share, where it is touched directly: `RawValue`, `SharedMemory.buf`, `mmap`, and arrays laid over them.

No method of multiprocessing is called there, so only the instruction itself shows it: `value.value += 1`, `buf[0] = 1`. The hooks in rewritten code
hand over the object; whether what it lies in is shared, and what that is known by in other processes, the system tells by its address.

A mapping is one resource, and of what multiprocessing has allocated each piece.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.acting import sharing
from pytest_racecheck.runtime.processes.fields import ALL, is_view, key_of_part, place_in_array
from pytest_racecheck.runtime.processes.file_calls import ask_entry
from pytest_racecheck.runtime.processes.mappings import mapped_at
from pytest_racecheck.runtime.processes.request import Key, Request, Told
from pytest_racecheck.runtime.processes.values import key_of
from pytest_racecheck.runtime.threads.beginning import is_seen
from pytest_racecheck.runtime.threads.spelling import spelled

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.points import Point

_CTYPES = (ctypes._SimpleCData, ctypes.Array, ctypes.Structure, ctypes.Union)
_POINTER = ctypes._Pointer
_WRITING = frozenset(
    {"pack_into", "write", "write_byte", "resize", "move", "memset", "memmove", "fill"}
)
_QUIET = frozenset({
    "tell", "seek", "size", "close", "release", "cast", "toreadonly", "len", "sizeof", "addressof", "isinstance", "type", "id", "range",
})  # fmt: skip
_CALLS = frozenset({Kind.CALL, Kind.ENTER, Kind.EXIT})
_LONGEST = 40
_FEW = 8
_DEEPEST = 8


def touched(obj: Any, point: Point) -> bool:
    """Stand before an instruction that touches shared memory; False, at once, if `obj` is none."""
    kind = type(obj)
    found = _kinds.get(kind)
    if found is None:
        found = _kinds[kind] = _is_mapped_kind(kind)
    if not found:
        return False
    return _stand(obj, point, writes=point.writes)


def called(callee: Any, point: Point, arguments: tuple[object, ...]) -> bool:
    """The same for a call: of a method of such an object, or with one of them."""
    name = getattr(callee, "__name__", "")
    if name in _QUIET:
        return False
    receiver = getattr(callee, "__self__", None)
    if type(receiver) is os.DirEntry:
        site = point.site
        asks = ask_entry(receiver, name, (site.file, site.line, site.function))
        if asks:
            point.hot, point.cold = True, False
        return asks
    for obj in (receiver, *arguments):
        kind = type(obj)
        found = _kinds.get(kind)
        if found is None:
            found = _kinds[kind] = _is_mapped_kind(kind)
        if found and is_seen(control.scheduler, callee):
            # What it does is the program's own, and stands by itself.
            return False
        if found and _stand(obj, point, writes=name in _WRITING):
            return True
    return False


def _stand(obj: Any, point: Point, *, writes: bool) -> bool:
    processes = sharing()
    if processes is None:
        return False
    key = mapping_of(obj)
    if key is None:
        return False
    # It touches something shared, whatever runs that were watched have shown.
    point.hot = True
    point.cold = False
    site = point.site
    if isinstance(obj, _CTYPES) and key[0] == "memory":
        key = _key_of_access(key, obj, site, writes=writes)
        if is_view(key):
            return False
    told = _told(obj, point, writes=writes) if processes.recorded else None
    place = (site.file, site.line, site.function)
    processes.perform(Request("touch", key, writes, place, told))
    # A view of a block may not be held: the block could not be closed meanwhile.
    if (
        told is not None
        and writes
        and site.kind not in _CALLS
        and isinstance(obj, (*_CTYPES, _POINTER))
    ):
        processes.written(partial(_value_of, obj, site.name))
    return True


def _key_of_access(key: Key, obj: Any, site: Site, *, writes: bool) -> Key:
    """A call may be about all that there is."""
    if site.kind in _CALLS:
        return key_of_part(key, obj, ALL, writes=writes)
    return key_of_part(key, obj, site.name, writes=writes)


def _told(obj: Any, point: Point, *, writes: bool) -> Told:
    site = point.site
    name = spelled(site) or f"a {type(obj).__name__}"
    if site.kind in _CALLS:
        return Told("CALL", name, site.columns, site.name)
    if site.name and not name.endswith(f".{site.name}"):
        item = place_in_array(obj)
        name = f"{name}.{site.name}" if item is None else f"{name}[{item}].{site.name}"
    value = None if writes else _value_of(obj, site.name)
    return Told(site.kind.name, name, site.columns, site.name, value)


def _value_of(obj: Any, name: str) -> str | None:
    """The attribute of that name; without one, what is in an array, if that is little."""
    if name:
        return repr(getattr(obj, name, None))[:_LONGEST]
    if isinstance(obj, _POINTER):
        return repr(getattr(obj.contents, "value", None))[:_LONGEST]
    if isinstance(obj, (ctypes.Array, memoryview)) and len(obj) <= _FEW:
        return repr(list(obj))[:_LONGEST]
    return None


def mapping_of(obj: Any) -> Key | None:
    """What all processes know the memory by in which `obj` lies; None where it is shared with nobody."""
    for _ in range(_DEEPEST):
        kind = type(obj)
        if issubclass(kind, _CTYPES):
            return key_of(obj) or _at(ctypes.addressof(obj))
        if issubclass(kind, _POINTER):
            return _at(ctypes.addressof(obj.contents)) if obj else None
        if issubclass(kind, mmap.mmap):
            return _of_mapping(obj)
        if kind is memoryview:
            obj = obj.obj
        elif kind.__name__ == "ShareableList":
            obj = obj.shm._mmap
        elif kind.__module__ == "numpy":
            obj = obj.base
        else:
            return None
    return None


_known: dict[int, tuple[Any, Key | None]] = {}


def _of_mapping(mapping: Any) -> Key | None:
    identity = id(mapping)
    known = _known.get(identity)
    if known is not None and known[0]() is mapping:
        return known[1]
    try:
        key = _at(ctypes.addressof(ctypes.c_char.from_buffer(mapping)))
    except (TypeError, ValueError, BufferError):
        return None
    _known[identity] = (weakref.ref(mapping, lambda _: _known.pop(identity, None)), key)
    return key


def _at(address: int) -> Key | None:
    """The mapping at an address, if others see what is written there."""
    found = mapped_at(address)
    if found is None or not found.shared:
        return None
    return ("mapping", found.device, found.number, found.offset)


def _is_mapped_kind(kind: type) -> bool:
    if issubclass(kind, (*_CTYPES, _POINTER, mmap.mmap, memoryview)):
        return True
    return kind.__name__ in ("ShareableList", "ndarray") and kind.__module__ in (
        "multiprocessing.shared_memory",
        "numpy",
    )


# By type, and so that most objects cost one look.
_kinds: dict[type, bool] = {}
