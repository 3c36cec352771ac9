"""The numbers by which strategies know places that are no instruction of the program: equal in all runs, and all below zero."""

from __future__ import annotations

from typing import Any

from pytest_racecheck.runtime.threads.task import Task

#: File, line and function.
Place = tuple[str, int, str]


class Numbering:
    """The part of a scheduler that numbers the operations of primitives. `places` has what is known of some numbers: what, and where."""

    current: Any
    # Where the place in the code is that has a number.
    site_of: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._sync_points: dict[tuple[str, str, int], int] = {}
        self.places: dict[int, tuple[str, Place]] = {}

    def sync_point(self, primitive: object, born: tuple[str, int] | None = None) -> int:
        """The number that stands for a primitive where a place in the code has its own.

        `born`: the key of the task that made it, and how many it had made; else it is told by who meets it first.
        """
        task: Task = self.current
        maker, count = born or (task.key, task.count_made())
        return self._number((maker, type(primitive).__name__, count))

    def own_point(self, name: str) -> int:
        """The number that stands for an operation that belongs to no object, like a sleep."""
        return self._number(("", name, 0))

    def place_point(self, what: str, place: Place | None) -> int:
        """The number of an operation on something that processes share, by what it is and where it is asked for."""
        if place is None:
            return self.own_point(what)
        number = self._number((place[0], what, place[1]))
        self.places[number] = (what, place)
        return number

    def _number(self, key: tuple[str, str, int]) -> int:
        return self._sync_points.setdefault(key, -2 - len(self._sync_points))
