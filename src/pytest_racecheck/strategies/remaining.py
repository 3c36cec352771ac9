"""How many operations a task has before it, its descendants' included: what the uniform walks weigh tasks by.

The counts are those of an earlier run, found again by the keys of the tasks. A run may differ from it, and then a task that was not
seen before counts for as little as the least of those that were.
"""

from __future__ import annotations

from collections.abc import Mapping


class Remaining:
    """The number of operations that each task has before it when it starts, by key."""

    __slots__ = ("_least", "_totals")

    def __init__(self, counts: Mapping[str, int], parents: Mapping[str, str | None]) -> None:
        totals = dict.fromkeys((*parents, *counts), 0.0)
        for key, count in counts.items():
            above: str | None = key
            while above is not None:
                totals[above] = totals.get(above, 0.0) + count
                above = parents.get(above)
        self._totals = totals
        self._least = float(min(counts.values(), default=0))

    def of(self, key: str) -> float:
        """The operations of the task called `key` and of all that it starts."""
        return self._totals.get(key, self._least)
