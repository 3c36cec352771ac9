"""`multiprocessing.Value` and `Array`: reading and writing what they hold.

Each access is locked by itself, so it is one operation: a read or a write, that waits while somebody else holds the lock. `value += 1` is two.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from multiprocessing import heap, sharedctypes
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.fields import is_view, key_of_part
from pytest_racecheck.runtime.processes.mappings import mapped_at
from pytest_racecheck.runtime.processes.request import Key, Request
from pytest_racecheck.runtime.processes.semaphores import SemLock
from pytest_racecheck.runtime.processes.standing import place_of, told_of
from pytest_racecheck.runtime.processes.suspension import uncontrolled
from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

_KEY = "_racecheck_key"
_make_arena = heap.Arena.__init__
_make_property: Any = sharedctypes.make_property  # type: ignore[attr-defined]
_fstat = os.fstat


def key_of(obj: Any) -> Key | None:
    """What all processes know a piece of shared memory by: which file it is mapped from, and where in it; None where that cannot be told."""
    while obj is not None and "_wrapper" not in getattr(obj, "__dict__", {}):
        obj = getattr(obj, "_b_base_", None)
    if obj is None:
        return None
    (arena, start, _), _ = obj._wrapper._state
    file = vars(arena).get(_KEY)
    if file is None:
        if getattr(arena, "fd", -1) < 0:
            return None
        # The arena's descriptor says so, too, until the process closes it as one of all that it may have, and another file is given its number.
        mapping = mapped_at(ctypes.addressof(obj))
        file = _identity(_fstat(arena.fd)) if mapping is None else mapping.file
        setattr(arena, _KEY, file)
    return ("memory", *file, start)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def access(
    wrapper: Any, attribute: str, *, writes: bool, do: Callable[[], Any], suffix: str, shown: Callable[[], object]
) -> Any:  # fmt: skip
    """Do an access to what `wrapper` guards as one operation."""
    processes = control.scheduler.processes if calling_task() is not None else None
    if processes is None or processes.is_alone or processes.inside:
        return do()
    key = key_of(wrapper._obj)
    if key is None:
        return do()
    name = "" if attribute in _ITEMS else attribute
    key = key_of_part(key, wrapper._obj, name, writes=writes)
    told = None
    if processes.recorded:
        kind = "STORE_ATTR" if writes else "LOAD_ATTR"
        value = None if is_view(key) else repr(shown())
        told = told_of(wrapper, kind, attribute=attribute, suffix=suffix, value=value)
    place = place_of(control.scheduler.in_scope, 3)
    lock = getattr(wrapper._lock, "_semlock", None)
    if type(lock) is SemLock and not lock._is_mine():
        processes.perform(Request("guarded", key, writes, place, told, (lock.key, lock.value)))
    else:
        processes.perform(Request("touch", key, writes, place, told))
    processes.inside = True
    try:
        return do()
    finally:
        processes.inside = False


def _property(name: str, original: Any) -> Any:
    def get(self: Any) -> Any:
        return access(
            self, name, writes=False, do=lambda: original.fget(self), suffix=f".{name}",
            shown=lambda: getattr(self._obj, name),
        )  # fmt: skip

    def put(self: Any, value: Any) -> None:
        access(
            self, name, writes=True, do=lambda: original.fset(self, value), suffix=f".{name}",
            shown=lambda: value,
        )  # fmt: skip

    return property(get, put)


def make_property(name: str) -> Any:
    """`sharedctypes.make_property`: for the fields of structures."""
    return _property(name, _make_property(name))


def structures() -> list[Attribute]:
    """The fields of structures that had their wrapper made before: it is kept by the library."""
    return [
        (wrapper, name, _property(name, value))
        for wrapper in list(sharedctypes.class_cache.values())  # type: ignore[attr-defined]
        for name, value in list(vars(wrapper).items())
        if isinstance(value, property)
    ]


def _item_access(name: str, *, writes: bool) -> Callable[..., Any]:
    original = vars(sharedctypes.SynchronizedArray)[name]

    def method(self: Any, i: Any, *rest: Any) -> Any:
        return access(
            self, name, writes=writes, do=lambda: original(self, i, *rest), suffix=f"[{i!r}]",
            shown=lambda: rest[-1] if writes else self._obj[i],
        )  # fmt: skip

    method.__name__ = method.__qualname__ = name
    return method


def make_arena(self: Any, *args: Any, **kwargs: Any) -> None:
    """`heap.Arena.__init__`: the file it makes is nobody's business."""
    with uncontrolled():
        _make_arena(self, *args, **kwargs)
        # Here its descriptor is it for sure, and a process that is forked need not find out.
        if getattr(self, "fd", -1) >= 0:
            setattr(self, _KEY, _identity(_fstat(self.fd)))


_value = vars(sharedctypes.Synchronized)["value"]
_ITEMS = {"__getitem__": False, "__setitem__": True}

ATTRIBUTES: tuple[Attribute, ...] = (
    (sharedctypes.Synchronized, "value", _property("value", _value)),
    (sharedctypes.SynchronizedString, "value", _property("value", vars(sharedctypes.SynchronizedString)["value"])),
    (sharedctypes.SynchronizedString, "raw", _property("raw", vars(sharedctypes.SynchronizedString)["raw"])),
    *(
        (sharedctypes.SynchronizedArray, name, _item_access(name, writes=writes))
        for name, writes in _ITEMS.items()
    ),
    (heap.Arena, "__init__", make_arena),
)  # fmt: skip
REPLACEMENTS = ((_make_property, make_property),)
