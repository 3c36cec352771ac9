"""Who held what when earlier campaigns began: mostly those who hold it when the next one does.

To ask the garbage collector who refers to some objects takes a look at everything there is, and in a session with many campaigns these looks are
half of what a short one takes. So those who were found are remembered, and visited first. Nothing is kept alive for it: remembered is, weakly, a root, which
is the holder itself or something near from which it is reached, as an instance is for its dictionary.

That they still hold what they held is not believed. What they refer to is counted, and an object that has more references than were counted is asked about
again. Some references nobody is found to have: those of what takes its place, of code, of C. A lock has to have exactly as many of these as any new
lock would; of functions and tuples, which nobody makes meanwhile, as many as when they were last asked about are enough.

A build without a GIL does not count references in one place, and immortal objects have no count: there all are asked about each time.
"""

from __future__ import annotations

import gc
import sys
import sysconfig
import weakref
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from types import (
    ClassMethodDescriptorType,
    FrameType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    TracebackType,
    WrapperDescriptorType,
)
from typing import Any

from pytest_racecheck.runtime.threads.referrers import referrers_of
from pytest_racecheck.runtime.threads.resources import namespace_of, own_dict

#: By the id of the first object: the first, and what is to be held in its place.
Pairs = dict[int, tuple[Any, Any]]
#: By their ids.
Roots = dict[int, weakref.ref[Any]]

_OURS = "pytest_racecheck"
_IMMORTAL = 1 << 29
# What has an end soon, and is no way to anything.
_PASSING = (FrameType, TracebackType)
# A type whose objects the garbage collector knows.
_COLLECTED = 1 << 14
_FIXED = (
    ClassMethodDescriptorType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType,
)  # fmt: skip
# How far a holder is looked for from a root, and among how many.
_DEPTH, _MANY = 3, 300
_NO_KINDS: Mapping[type, int] = {}
_NO_COUNTS: Mapping[int, int] = {}


class KnownHolders:
    """Remembers from one exchange to the next; `look_up` before each of them, and `keep` after it."""

    #: Whether anything can be known: where references are counted.
    counts = not sysconfig.get_config_var("Py_GIL_DISABLED")

    def __init__(self) -> None:
        # By how much lies between them and the holders they lead to.
        self._roots: tuple[Roots, ...] = tuple({} for _ in range(_DEPTH))
        # Held by the interpreter itself.
        self._registries: list[Any] = []
        # What differs in what it exchanges differs in what it refers to.
        self._unexplained: dict[Hashable, dict[int, int]] = {}
        # Each with how often in a row.
        self._asked: dict[int, tuple[weakref.ref[Any] | None, int]] = {}
        self._forget()

    def _forget(self) -> None:
        self._sort: Hashable = None
        self._besides = _NO_KINDS
        self._older = _NO_COUNTS
        self._present: dict[int, Any] = {}
        self._left: dict[int, int] = {}
        self._missing: dict[int, tuple[weakref.ref[Any] | None, int]] = {}
        self._passing: set[int] = set()

    def look_up(
        self, besides: Mapping[type, int], passing: Iterable[object] = (), older: Mapping[int, int] = _NO_COUNTS,
        sort: Hashable = None,
    ) -> None:  # fmt: skip
        """Visit those who are remembered.

        `besides`: how many references an object of a kind has that no holder has; what is of no such kind may have as many as it had. `passing`: what
        each exchange makes anew for itself. `older`: how many references to an object, by its id, what took its place in earlier exchanges has. `sort`: tells exchanges of different things apart.
        """
        self._forget()
        self._sort = sort
        self._besides, self._older = besides, older
        self._passing = {id(besides), id(self._present), *map(id, passing)}
        visited: list[Any] = list(self._registries)
        for depth, roots in enumerate(self._roots):
            level = _living(roots)
            visited += level
            for _ in range(depth + 1):
                level = _inside(level)
                visited += level
        self._present.update((id(one), one) for one in visited)

    def keep(self) -> None:
        """All has been exchanged."""
        self._unexplained[self._sort], self._asked = self._left, self._missing
        for roots in self._roots:
            for key in [key for key, reference in roots.items() if reference() is None]:
                del roots[key]
        self._forget()
        self._registries = _held_elsewhere(self._registries)

    @property
    def asked(self) -> int:
        """About how many objects the last exchange had to ask."""
        return len(self._asked)

    def has(self, key: int) -> bool:
        """Whether what has that id was visited as a holder itself, which is a reference of its own."""
        return key in self._present

    def classes(self) -> Iterable[tuple[int, type]]:
        """Those that were visited, each with the id of its namespace."""
        there = self._present.values()
        return [(id(namespace_of(one)), one) for one in there if isinstance(one, type)]

    def of(self, pairs: Pairs, left_out: Collection[int]) -> list[Any]:
        """Everybody who refers to the first object of a pair, those apart whose keys are left out."""
        known, counts = self._who_refers(self._present.values(), pairs)
        instances = Counter(id(type(first)) for first, _ in pairs.values())
        twice = set(map(id, known))
        references = {
            key: sys.getrefcount(pairs[key][0])
            - (counts[key] + instances[key] + self._older.get(key, 0))
            - (self.has(key) + (key in twice))
            for key in pairs
            if key not in left_out
        }
        missing = [key for key in references if not self._is_explained(key, pairs, references)]
        if not missing:
            return known
        found = referrers_of(pairs[key][0] for key in missing)
        more, counts = self._who_refers((one for one in found if not self.has(id(one))), pairs)
        del found
        self._left.update((key, references[key]) for key in missing if not counts[key])
        again = [key for key in missing if self._is_asked_again(key, pairs[key][0])]
        if again and self.counts:
            chosen, _ = self._who_refers(more, {key: pairs[key] for key in again})
            self._remember(chosen, {id(chosen), id(more)})
        return known + more

    def _who_refers(self, objects: Iterable[Any], pairs: Pairs) -> tuple[list[Any], Counter[int]]:
        """Those that refer to the first object of a pair, and how often each is referred to by all of them."""
        who, counts = [], Counter[int]()
        for one in objects:
            referred = list(filter(pairs.__contains__, map(id, gc.get_referents(one))))
            if id(type(one)) in referred:
                referred.remove(id(type(one)))
            if referred and not self._is_passing(one, pairs):
                who.append(one)
                counts.update(referred)
        return who, counts

    def _is_passing(self, holder: object, pairs: Pairs) -> bool:
        """Whether it is not to be counted: each exchange has it anew, or it cannot hold anything else."""
        if type(holder) is tuple:
            pair = pairs.get(id(holder[0])) if len(holder) == 2 else None
            return pair is not None and holder[1] is pair[1]
        return id(holder) in self._passing or type(holder) in _FIXED or is_ours(type(holder))

    def _is_explained(self, key: int, pairs: Pairs, references: Mapping[int, int]) -> bool:
        left = references[key]
        if not self.counts or left > _IMMORTAL:
            return False
        kind = type(pairs[key][0])
        if kind in self._besides:
            return left == self._besides[kind]
        if left != self._unexplained.get(self._sort, {}).get(key):
            return False
        self._left[key] = left
        return True

    def _is_asked_again(self, key: int, obj: object) -> bool:
        """Whether it is asked about for the second time in a row.

        What a single test makes is not worth remembering, and for whom there was no way the second time there will be none the third time.
        """
        before, times = self._asked.get(key, (None, 0))
        if before is not None and before() is not obj:
            times = 0
        self._missing[key] = _weakly(obj), times + 1
        return times == 1

    def _remember(self, holders: Iterable[Any], own: set[int]) -> None:
        """From now on they are visited, as far as there is a way to them; `own` refer to them only here."""
        wanted = {}
        for one in holders:
            if not _add(self._roots[0], _module_of(one) or one):
                wanted[id(one)] = one
        for roots in self._roots:
            if 0 < len(wanted) < _MANY:
                wanted = self._reach(roots, wanted, own)

    def _reach(self, roots: Roots, wanted: dict[int, Any], own: set[int]) -> dict[int, Any]:
        """Add roots that refer to what is wanted; returns what lies between where there is none."""
        between: dict[int, Any] = {}
        lonely = wanted.copy()
        own = own | {id(wanted), id(lonely)}
        for one in referrers_of(wanted.values()):
            met = wanted.keys() & set(map(id, gc.get_referents(one)))
            if id(one) in own or not met or is_ours(type(one)):
                continue
            for key in met:
                lonely.pop(key, None)
            if not _add(roots, _module_of(one) or one) and _lies_between(type(one)):
                between[id(one)] = one
        self._registries += filter(_is_registry, lonely.values())
        return between


def _is_registry(one: Any) -> bool:
    """Whether it is the interpreter's, and stays: the functions that `os.register_at_fork` was given, what a module was first filled with."""
    if type(one) is list:
        return all(map(callable, one))
    return type(one) is dict and "__spec__" in one


def _lies_between(kind: type) -> bool:
    """Whether a holder may be reached by way of such objects, which cannot be remembered themselves."""
    return bool(kind.__flags__ & _COLLECTED) and not kind.__weakrefoffset__ and kind not in _PASSING


def references_besides(pairs: Pairs) -> dict[type, int]:
    """How many references an object has, by its kind, that only `pairs` and what takes its place refer to."""
    return {type(pairs[key][0]): sys.getrefcount(pairs[key][0]) for key in pairs}


def _held_elsewhere(registries: list[Any]) -> list[Any]:
    probe: list[Any] = [[]]
    (alone,) = [sys.getrefcount(one) for one in probe]
    return [one for one in registries if sys.getrefcount(one) > alone]


def is_ours(obj: Any) -> bool:
    """Whether this package has made it, or its class."""
    return str(getattr(obj, "__module__", "")).partition(".")[0] == _OURS


def _module_of(namespace: Any) -> Any:
    """The module that has this namespace: everything that is defined in it refers to that as well."""
    name = namespace.get("__name__") if type(namespace) is dict else None
    module = sys.modules.get(name) if isinstance(name, str) else None
    return module if own_dict(module) is namespace else None


def _add(roots: Roots, one: object) -> bool:
    reference = _weakly(one)
    if reference is not None:
        roots[id(one)] = reference
    return reference is not None


def _weakly(obj: object) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(obj)
    except TypeError:
        return None


def _living(roots: Roots) -> list[Any]:
    return [one for one in (reference() for reference in roots.values()) if one is not None]


def _inside(objects: Iterable[Any]) -> list[Any]:
    return [one for one in gc.get_referents(*objects) if _lies_between(type(one))]
