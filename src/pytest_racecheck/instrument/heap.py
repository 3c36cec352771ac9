"""Objects of some types, found among all that the garbage collector knows.

In a large project there are a million of them, and to look at each takes a tenth of a second: as long as a thousand runs. So types
are compared in C, one after the other, and what was made since a campaign began is looked for among the young only, as long as the
collector has not made any of those old. From 3.14 on its generations mean something else, and everything is looked through.
"""

from __future__ import annotations

import gc
import sys
import sysconfig
from collections.abc import Collection, Sequence
from itertools import compress
from typing import Any

_YOUNG = (0, 1)
_HAS_GENERATIONS = sys.version_info < (3, 14) and not sysconfig.get_config_var("Py_GIL_DISABLED")


def living(kinds: Collection[type]) -> list[Any]:
    """The objects of exactly these types."""
    return of_types(gc.get_objects(), kinds)


def living_below(kind: type) -> list[Any]:
    """The objects of this type and of those made from it."""
    objects = gc.get_objects()
    kinds = {one for one in set(map(type, objects)) if issubclass(one, kind)}
    return of_types(objects, kinds) if kinds else []


class Since:
    """What was made since this one was."""

    def __init__(self) -> None:
        self._collections = _that_age()

    @property
    def is_young(self) -> bool:
        """Whether all of it can be told from what is older."""
        return _HAS_GENERATIONS and self._collections == _that_age()

    def living(self, kinds: Collection[type]) -> list[Any]:
        """The objects of exactly these types that were made since, and perhaps older ones."""
        if not self.is_young:
            return living(kinds)
        return [one for age in _YOUNG for one in of_types(gc.get_objects(generation=age), kinds)]


def of_types(objects: Sequence[Any], kinds: Collection[type]) -> list[Any]:
    """Those that are of exactly these types."""
    return list(compress(objects, map(frozenset(kinds).__contains__, map(type, objects))))


def _that_age() -> list[int]:
    """How often the collector has made objects old that were not."""
    return [generation["collections"] for generation in gc.get_stats()[1:]]
