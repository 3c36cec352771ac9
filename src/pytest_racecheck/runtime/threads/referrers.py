"""Who refers to what. Each question looks through the whole heap, so one is asked for many objects at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from typing import Any


def referrers_of(objects: Iterable[Any]) -> list[Any]:
    """Who refers to any of them. The question itself does, from 3.13 on, and is left out."""
    asked = tuple(objects)
    return [one for one in gc.get_referrers(*asked) if one is not asked] if asked else []


class Referrers:
    """What refers to the objects that were asked about, found once; short-lived, since it keeps all of that alive."""

    def __init__(self) -> None:
        self._found: dict[int, list[object]] = {}
        # Lists of ours refer to them as well.
        self._own: set[int] = set()

    def ask(self, objects: Sequence[object]) -> None:
        """Find what refers to each of them, unless that is known."""
        asked = [one for one in objects if id(one) not in self._found]
        if not asked:
            return
        holders = referrers_of(asked)
        self._own |= {id(self._found), id(holders), id(asked), id(objects)}
        found: dict[int, list[object]] = {id(one): [] for one in asked}
        self._own.update(map(id, found.values()))
        for holder in holders:
            if id(holder) not in self._own:
                for number in {id(one) for one in gc.get_referents(holder)} & found.keys():
                    found[number].append(holder)
        self._found.update(found)

    def of(self, obj: object) -> list[object]:
        """What refers to it."""
        self.ask([obj])
        return self._found[id(obj)]
