"""Module state put back to where it was, so that every run starts alike.

A tutorial's `num = 100` at module level is 0 after the first run; a lazily made singleton is there from the second run on. Either
way the later runs are no longer runs of the same program: a race in the first use would be looked for once only, and a test
that is fine would fail. So the state of the modules in scope is noted before the first run and restored before each other one.

What is noted: the bindings of each module and of each class it defines, the contents of the built-in containers bound there,
the attributes of instances of those classes bound there, and whether function caches were empty. Deeper structures stay as they
are; deep copies would break identity, which programs rely on. Names with underscores at both ends belong to the import
system, those with @ to pytest. Nothing is asked of the values themselves: one that stands for something else, as those of `six.moves`, would
go and get it.

Most runs change nothing of all this, and a campaign asks thousands of times a second. So nothing is done about a dictionary whose version is what
it was, where the interpreter has versions; and of the rest it is first looked whether everything is the very object it was, in one go over all
of it, without a step of Python's in between.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import inspect
import itertools
import operator
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from pytest_racecheck.runtime.versions import Versions, are_counted

Restore = Callable[[], None]

_CLASS_MACHINERY = (types.GetSetDescriptorType, types.MemberDescriptorType)
_MISSING: Any = object()
# Where the wrappers of shared memory come from.
_SHARED_MEMORY = frozenset({"multiprocessing.sharedctypes"})


class Snapshot:
    """The state of `modules` when it was taken; `restore` brings it back, as often as wanted."""

    def __init__(self, modules: Iterable[str]) -> None:
        # What cannot be seen to have changed.
        self._always: list[Restore] = []
        self._versions = Versions() if are_counted() else None
        self._restores: list[Restore] = []
        # Live views of what the restores are about, and what was in them.
        self._views: list[Iterable[Any]] = []
        self._seen: set[int] = set()
        for name in modules:
            module = sys.modules.get(name)
            if isinstance(module, types.ModuleType):
                self._add_namespace(module, vars(module))
        self._seen.clear()
        self._values = list(self._all())

    def restore(self) -> None:
        """Put everything back that has changed."""
        for restore in self._always:
            restore()
        if self._versions is not None:
            self._versions.restore()
        if not all(map(operator.is_, self._all(), self._values)):
            for restore in self._restores:
                restore()
            # What is no state may have stayed.
            self._values = list(self._all())

    def _all(self) -> Iterator[Any]:
        return itertools.chain(itertools.chain.from_iterable(self._views), (_MISSING,))

    def _add_namespace(self, owner: Any, namespace: Any) -> None:
        saved = {name: value for name, value in namespace.items() if _is_state(name, value)}
        restore = _unless_unchanged(namespace, lambda: _restore_bindings(owner, saved))
        if self._versions is not None:
            dictionary = namespace if type(namespace) is dict else gc.get_referents(namespace)[0]
            self._versions.add(dictionary, restore)
        else:
            self._restores.append(restore)
            self._views.append(namespace.values())
        for value in saved.values():
            self._add_value(value, getattr(owner, "__name__", None))

    def _add_value(self, value: Any, module: str | None) -> None:
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        kind = type(value)
        if kind in _CONTENTS:
            self._add_container(value, _CONTENTS[kind](value))
        elif issubclass(kind, type):
            if value.__module__ == module:
                self._add_namespace(value, vars(value))
        elif inspect.getattr_static(value, "cache_clear", None) is not None:
            self._always += _empty_cache(value)
        elif kind.__module__ in _SHARED_MEMORY or _is_shared_array(kind):
            self._always += _shared_memory(value)
        elif module is not None and kind.__module__ == module:
            self._add_instance(value)

    def _add_container(self, value: Any, restore: Restore) -> None:
        # An OrderedDict may be given another order without being changed as a dictionary.
        if self._versions is not None and type(value) in _COUNTED:
            self._versions.add(value, restore)
        else:
            self._restores.append(restore)
            self._views += [value, value.values()] if isinstance(value, dict) else [value]

    def _add_instance(self, value: Any) -> None:
        attributes = _attributes(value)
        if attributes is None:
            return
        saved = dict(attributes)
        self._restores.append(lambda: _refill(attributes, saved))
        self._views += [attributes, attributes.values()]
        for inner in saved.values():
            if type(inner) in _CONTENTS:
                self._add_value(inner, None)


@contextlib.contextmanager
def left_as_found(start: Snapshot | None) -> Iterator[None]:
    """What happens to modules inside the block is undone at its end.

    Another campaign would else begin where the last run of this one ended: with the singleton there whose making it is to look at.
    """
    try:
        yield
    finally:
        if start is not None:
            start.restore()


def _is_state(name: str, value: Any) -> bool:
    if (name.startswith("__") and name.endswith("__")) or name.startswith("@"):
        return False
    return not issubclass(type(value), _CLASS_MACHINERY)


def _attributes(value: Any) -> dict[str, Any] | None:
    """Where an instance keeps its own, if it has such a place."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return found if type(found) is dict else None


def _unless_unchanged(namespace: Any, restore: Restore) -> Restore:
    """`restore`, where the namespace does not hold the very objects it held."""
    values = list(namespace.values())

    def restore_changed() -> None:
        nonlocal values
        if _are_same(namespace.values(), values):
            return
        restore()
        values = list(namespace.values())

    return restore_changed


def _are_same(some: Collection[Any], others: Collection[Any]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def _restore_bindings(owner: Any, saved: dict[str, Any]) -> None:
    namespace = vars(owner)
    added = [
        name for name, value in namespace.items() if name not in saved and _is_state(name, value)
    ]
    for name in added:
        # The import system binds a submodule once, when it loads it.
        if not issubclass(type(namespace[name]), types.ModuleType):
            delattr(owner, name)
    for name, value in saved.items():
        if namespace.get(name, _MISSING) is not value:
            setattr(owner, name, value)


def _refill(target: dict[Any, Any], saved: dict[Any, Any]) -> None:
    if not (_are_same(target, saved) and _are_same(target.values(), saved.values())):
        target.clear()
        target.update(saved)


def _dict(value: dict[Any, Any]) -> Restore:
    saved = dict(value)
    return lambda: _refill(value, saved)


def _sequence(value: Any) -> Restore:
    saved = list(value)

    def restore() -> None:
        if not _are_same(value, saved):
            value.clear()
            value.extend(saved)

    return restore


def _set(value: set[Any]) -> Restore:
    saved = set(value)

    def restore() -> None:
        if value != saved:
            value.clear()
            value.update(saved)

    return restore


def _is_shared_array(kind: type) -> bool:
    """Arrays of ctypes are of classes made for their length."""
    return any(base.__module__ == "_ctypes" for base in kind.__mro__)


def _shared_memory(value: Any) -> list[Restore]:
    """What a `Value` or an `Array` holds, or a piece of raw memory of theirs."""
    import ctypes

    found = (_attributes(value) or {}).get("_obj", value)
    if not isinstance(found, (ctypes._SimpleCData, ctypes.Array, ctypes.Structure, ctypes.Union)):
        return []
    size = ctypes.sizeof(found)
    saved = ctypes.string_at(ctypes.addressof(found), size)
    return [lambda: _write(found, saved)]


def _write(memory: Any, saved: bytes) -> None:
    import ctypes

    ctypes.memmove(ctypes.addressof(memory), saved, len(saved))


def _empty_cache(function: Any) -> list[Restore]:
    try:
        empty = function.cache_info().currsize == 0
    except Exception:
        return []
    return [function.cache_clear] if empty else []


_COUNTED = (dict, collections.defaultdict, collections.Counter)
_CONTENTS: dict[type, Callable[[Any], Restore]] = {
    dict: _dict,
    collections.OrderedDict: _dict,
    collections.defaultdict: _dict,
    collections.Counter: _dict,
    list: _sequence,
    collections.deque: _sequence,
    bytearray: _sequence,
    set: _set,
}
