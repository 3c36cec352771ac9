"""References to an object, wherever they can be changed: the dictionaries, attributes, slots, cells, lists and defaults that hold it.

Objects written in C cannot be given another behaviour. What can be done is to find who refers to them, which the garbage collector
knows, and to have each refer to another object instead, for a while.

Tuples, static methods and partial functions cannot be changed, but what holds one can be given another: so the default values of
functions are reached, and what fixtures have returned. What only the stack of a running function refers to stays as it is.

Who refers to an object is asked as seldom as can be, see `known_holders.py`: first for the objects, then for what has to be made anew.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import partial
from types import (
    BuiltinMethodType,
    CellType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

from pytest_racecheck.runtime.threads.known_holders import KnownHolders, Pairs, is_ours
from pytest_racecheck.runtime.threads.referrers import referrers_of
from pytest_racecheck.runtime.threads.resources import namespace_of

Undo = Callable[[], None]

_OURS = "pytest_racecheck"
_NOTHING: Any = object()
_METHODS = (BuiltinMethodType, MethodType)
# A tuple in a partial function in a tuple is as far as it goes.
_DEPTH = 4
# Kinds whose one reference is an attribute of theirs.
_SINGLE = {CellType: "cell_contents", FunctionType: "__defaults__", defaultdict: "default_factory"}


def exchange(
    pairs: Pairs,
    spared: Iterable[tuple[object, str]] = (),
    known: KnownHolders | None = None,
) -> list[Undo]:
    """Have everybody who holds the first object of a pair hold the second; returns how to undo each change.

    `spared`: dictionaries and other holders, and names in them, that keep what they have. Modules and objects of this package keep
    what is theirs. `known`: those that are looked at first.
    """
    known = known or KnownHolders()
    kept = {(id(holder), name) for holder, name in spared}
    undo: list[Undo] = []
    methods = {key for key, pair in pairs.items() if _is_bound_to_another(pair[0], pairs)}
    for _ in range(_DEPTH):
        pairs = _Exchange(pairs, kept, undo, known).everywhere(pairs, methods)
        methods = set()
    known.keep()
    return undo


def _is_bound_to_another(obj: Any, pairs: Pairs) -> bool:
    return type(obj) in _METHODS and id(obj.__self__) in pairs


class _Exchange:
    """One search for those who hold the first objects of `pairs`."""

    def __init__(
        self, pairs: Pairs, kept: set[tuple[int, str]], undo: list[Undo], known: KnownHolders
    ) -> None:
        self._pairs = pairs
        self._kept = kept
        self._undo = undo
        self._known = known
        # How often each object was exchanged.
        self._times: Counter[int] = Counter()

    def everywhere(self, left_out: Pairs, methods: Collection[int] = ()) -> Pairs:
        """Change all holders that can be; returns those that have to be made anew, with what they ought to be.

        Mostly who holds a lock holds its `methods`, too, as a Condition does. They are exchanged there, and returned to be searched for only if
        somebody else has them.
        """
        if not self._pairs:
            return {}
        holders = self._known.of(self._pairs, methods)
        classes = self._classes_of(
            [one for one in holders if type(one) is dict and "__module__" in one]
        )
        anew: Pairs = {}
        for holder in holders:
            kind = type(holder)
            if kind is tuple and not self._is_machinery(holder):
                anew[id(holder)] = (holder, tuple(map(self._second, holder)))
            elif kind is staticmethod:
                anew[id(holder)] = (holder, staticmethod(self._second(holder.__func__)))
            elif kind is partial:
                anew[id(holder)] = (holder, self._partial(holder))
            elif holder is not left_out:
                self._in_holder(holder, classes.get(id(holder)))
        del holders
        left = self._held_elsewhere(methods)
        return {**anew, **{key: self._pairs[key] for key in left}}

    def _held_elsewhere(self, keys: Collection[int]) -> list[int]:
        """Those objects that have more references than were found, each of which its undoing has by now, and that of `_pairs`."""
        probe = {0: (object(), None)}
        (own,) = _references(probe, [0])
        counts = _references(self._pairs, keys)
        return [
            key
            for key, count in zip(keys, counts, strict=True)
            if count - own - self._known.has(key) > self._times[key]
        ]

    def _classes_of(self, namespaces: list[dict[Any, Any]]) -> dict[int, type]:
        """The classes that have these namespaces: attributes are set through them, since they remember where they have found them."""
        told = {id(namespace): _owner_of(namespace) for namespace in namespaces}
        found = {key: owner for key, owner in told.items() if owner is not None}
        left = {id(one): one for one in namespaces if id(one) not in found}
        known = {key: owner for key, owner in self._known.classes() if key in left}
        return found | known | _searched([one for key, one in left.items() if key not in known])

    def _partial(self, holder: partial[Any]) -> partial[Any]:
        named = {name: self._second(value) for name, value in holder.keywords.items()}
        arguments = map(self._second, self._second(holder.args))
        return partial(self._second(holder.func), *arguments, **named)

    @staticmethod
    def _is_machinery(holder: tuple[Any, ...]) -> bool:
        """What classes keep of their bases."""
        return all(isinstance(one, type) for one in holder)

    def _second(self, value: Any) -> Any:
        pair = self._pairs.get(id(value))
        return value if pair is None else pair[1]

    def _in_holder(self, holder: Any, owner: type | None) -> None:
        kind = type(holder)
        if kind in _SINGLE:
            self._in_attribute(holder, _SINGLE[kind])
        if isinstance(holder, dict):
            self._in_dict(holder, owner)
        elif kind is list:
            self._in_list(holder)
        elif not issubclass(kind, (type, ModuleType, tuple)) and not is_ours(kind):
            self._in_instance(holder)

    def _in_attribute(self, holder: Any, name: str) -> None:
        pair = self._pairs.get(id(getattr(holder, name, _NOTHING)))
        if pair is None or is_ours(holder) or (id(holder), name) in self._kept:
            return
        self._done(pair, _set_attribute(holder, name, *pair))

    def _in_dict(self, holder: dict[Any, Any], owner: type | None) -> None:
        if str(holder.get("__name__", "")).partition(".")[0] == _OURS:
            return
        for name, value in list(holder.items()):
            pair = self._pairs.get(id(value))
            if pair is None or (id(holder), name) in self._kept:
                continue
            if owner is not None:
                self._done(pair, _set_attribute(owner, name, *pair))
            else:
                self._done(pair, _set_item(holder, name, *pair))

    def _in_list(self, holder: list[Any]) -> None:
        for index, value in enumerate(holder):
            pair = self._pairs.get(id(value))
            if pair is not None:
                self._done(pair, _set_item(holder, index, *pair))

    def _in_instance(self, holder: Any) -> None:
        try:
            attributes = object.__getattribute__(holder, "__dict__")
        except AttributeError:
            attributes = None
        if type(attributes) is dict:
            self._in_dict(attributes, None)
        for base in type(holder).__mro__:
            for slot in vars(base).values():
                if type(slot) is MemberDescriptorType:
                    self._in_slot(slot, holder)

    def _in_slot(self, slot: MemberDescriptorType, holder: Any) -> None:
        try:
            pair = self._pairs.get(id(slot.__get__(holder, type(holder))))
            if pair is not None:
                slot.__set__(holder, pair[1])
        except (AttributeError, TypeError):
            return
        if pair is not None:
            self._done(pair, _Step(_put_slot_back, holder, slot, *pair))

    def _done(self, pair: tuple[Any, Any], undo: Undo) -> None:
        self._times[id(pair[0])] += 1
        self._undo.append(undo)


def _references(pairs: Pairs, keys: Iterable[int]) -> list[int]:
    return [sys.getrefcount(pairs[key][0]) for key in keys]


def _owner_of(namespace: dict[Any, Any]) -> type | None:
    """The class that has it, where one of the descriptors in it says so."""
    for name in ("__dict__", "__weakref__"):
        owner = getattr(namespace.get(name), "__objclass__", None)
        if isinstance(owner, type) and namespace_of(owner) is namespace:
            return owner
    return None


def _searched(namespaces: list[dict[Any, Any]]) -> dict[int, type]:
    wanted = {id(namespace) for namespace in namespaces}
    return {
        id(namespace): holder
        for holder in referrers_of(namespaces)
        if isinstance(holder, type)
        for namespace in gc.get_referents(holder)
        if id(namespace) in wanted
    }


class _Step:
    """One exchange, undone when it is called. By its class it is known as ours: what it refers to it is to keep."""

    __slots__ = ("_holder", "_key", "_new", "_old", "_put_back")

    def __init__(
        self, put_back: Callable[[Any, Any, Any, Any], None], holder: Any, key: Any, old: Any, new: Any
    ) -> None:  # fmt: skip
        self._put_back = put_back
        self._holder = holder
        self._key = key
        self._old = old
        self._new = new

    def __call__(self) -> None:
        self._put_back(self._holder, self._key, self._old, self._new)


def _set_item(holder: Any, key: Any, old: Any, new: Any) -> Undo:
    holder[key] = new
    return _Step(_put_item_back, holder, key, old, new)


def _put_item_back(holder: Any, key: Any, old: Any, new: Any) -> None:
    found = holder.get(key) if isinstance(holder, dict) else _at(holder, key)
    if found is new:
        holder[key] = old


def _at(holder: list[Any], index: int) -> Any:
    return holder[index] if index < len(holder) else _NOTHING


def _set_attribute(holder: Any, name: str, old: Any, new: Any) -> Undo:
    setattr(holder, name, new)
    return _Step(_put_attribute_back, holder, name, old, new)


def _put_attribute_back(holder: Any, name: str, old: Any, new: Any) -> None:
    # What a class holds is not always what it gives.
    found = vars(holder).get(name) if isinstance(holder, type) else getattr(holder, name)
    if found is new:
        setattr(holder, name, old)


def _put_slot_back(holder: Any, slot: MemberDescriptorType, old: Any, new: Any) -> None:
    if slot.__get__(holder, type(holder)) is new:
        slot.__set__(holder, old)
