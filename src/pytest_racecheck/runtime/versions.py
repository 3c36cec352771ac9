"""Which dictionaries have changed, told without looking at what is in them.

Up to 3.13 CPython counts: every change of a dictionary gives it a version that no dictionary had before (PEP 509). To read the versions of all
modules and classes of a program takes a few microseconds; to look through everything that is bound there, once before each of thousands of short
runs, took a fifth of such a run.

The count is no part of any interface. Where it lies in a dictionary is known, and it is tried out whether it does there what it should; where it
does not, nothing is counted and whoever asks has to look.
"""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Callable
from functools import cache
from typing import Any

# After the header and the number of items.
_OFFSET = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)
_Cell = ctypes.c_uint64
_version: Callable[[Any], int] = operator.attrgetter("value")


class Versions:
    """The versions of some dictionaries when they were added, or last restored; keeps them alive."""

    def __init__(self) -> None:
        self._dictionaries: list[dict[Any, Any]] = []
        self._restores: list[Callable[[], None]] = []
        self._cells: list[Any] = []
        self._known: list[int] = []

    def add(self, dictionary: dict[Any, Any], restore: Callable[[], None]) -> None:
        """From now on `restore` is what brings `dictionary` back."""
        self._dictionaries.append(dictionary)
        self._restores.append(restore)
        self._cells.append(_Cell.from_address(id(dictionary) + _OFFSET))
        self._known.append(self._cells[-1].value)

    def restore(self) -> None:
        """Bring back those that were changed, be it to what they were."""
        versions = list(map(_version, self._cells))
        if versions == self._known:
            return
        for version, known, restore in zip(versions, self._known, self._restores, strict=True):
            if version != known:
                restore()
        self._known = list(map(_version, self._cells))


@cache
def are_counted() -> bool:
    """Whether this interpreter counts the changes of dictionaries."""
    tried: dict[str, object] = {"kept": 1}
    cell = _Cell.from_address(id(tried) + _OFFSET)
    seen = [cell.value]
    for change in _CHANGES:
        still = cell.value
        _ = tried["kept"], len(tried), list(tried.values())
        if cell.value != still:
            return False
        change(tried)
        seen.append(cell.value)
    return len(set(seen)) == len(seen)


# So many that it cannot be by chance; and what modules and classes do to theirs.
_CHANGES: tuple[Callable[[dict[str, object]], object], ...] = (
    *(
        lambda tried, value=value: tried.__setitem__("kept", f"value {value}")
        for value in range(20)
    ),
    lambda tried: tried.__setitem__("new", None),
    lambda tried: tried.pop("new"),
    lambda tried: tried.update(kept=None),
    lambda tried: tried.clear(),
)
