"""Controlled objects in the place of originals, wherever modules hold them, for the length of a campaign.

A function that blocks is reached under many names: `queue.time` is `time.monotonic`, `threading._allocate_lock` is `_thread.allocate_lock`,
and any module may have done `from time import sleep as nap`. Names are therefore not looked for: each module's namespace is
searched for the objects themselves.

Modules that are imported meanwhile take what they import from modules that are patched already, and so hold controlled objects, too.
At the end every module is searched once more, the other way round: whatever holds a controlled object then gets the original back,
whether it was we who put it there or not. The modules of this package are left out: they need the real things.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from pytest_racecheck.runtime.threads.resources import own_dict

#: An object, and what takes its place.
Replacement = tuple[object, object]
#: A class (or another object with attributes), the name of one of them, and its value meanwhile.
Attribute = tuple[Any, str, object]

_OURS = "pytest_racecheck"
_MISSING: Any = object()


class Patches:
    """Inside the block modules hold the second object of each pair where they held the first.

    `attributes` are those of classes: set meanwhile, and afterwards as they were. `spared` are modules that keep what they have. Where two originals have the same replacement, a
    module that is imported meanwhile is left with the first of them.
    """

    def __init__(
        self, replacements: Sequence[Replacement], attributes: Sequence[Attribute] = (), spared: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._spared = spared
        self._replacements = list(replacements)
        self._attributes = list(attributes)
        self._before: list[tuple[Any, str, Any]] = []
        self._exchanged: list[_Exchanged] = []

    def __enter__(self) -> Patches:
        """Exchange them."""
        there = {id(original): (original, new) for original, new in self._replacements}
        self._exchanged = list(_exchange(there, self._spared))
        for owner, name, value in self._attributes:
            self._before.append((owner, name, vars(owner).get(name, _MISSING)))
            setattr(owner, name, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        """Put the originals back."""
        while self._before:
            owner, name, value = self._before.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
        for one in self._exchanged:
            if one.namespace.get(one.name) is one.new:
                one.namespace[one.name] = one.original
        self._exchanged.clear()
        back: dict[int, Replacement] = {}
        for original, new in self._replacements:
            back.setdefault(id(new), (new, original))
        for _ in _exchange(back, self._spared):
            pass


class _Exchanged:
    """Something that a module holds under a name, and held before."""

    __slots__ = ("name", "namespace", "new", "original")

    def __init__(self, namespace: dict[str, Any], name: str, pair: Replacement) -> None:
        self.namespace = namespace
        self.name = name
        self.original, self.new = pair


def _exchange(pairs: dict[int, Replacement], spared: frozenset[str]) -> Iterator[_Exchanged]:
    """Give every module that holds the first object of a pair the second; `pairs` are found by the id of the first."""
    if not pairs:
        return
    none_of_them = pairs.keys().isdisjoint
    for namespace in _namespaces(spared):
        if none_of_them(map(id, namespace.values())):
            continue
        for name, value in list(namespace.items()):
            pair = pairs.get(id(value))
            if pair is not None:
                namespace[name] = pair[1]
                yield _Exchanged(namespace, name, pair)


def _namespaces(spared: frozenset[str]) -> Iterator[dict[str, Any]]:
    for name, module in list(sys.modules.items()):
        namespace = own_dict(module)
        root = name.partition(".")[0]
        if namespace is not None and root != _OURS and root not in spared:
            yield namespace
