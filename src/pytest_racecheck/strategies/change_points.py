"""Where in a run something is to change: distinct choices, drawn beforehand.

How many choices a run will have is only known from earlier ones. One that turns out to be longer gets as many changes again in each
further stretch of that length, so that the tail of a long run is not left alone.
"""

from __future__ import annotations

from collections.abc import Callable

NEVER = -1


class ChangePoints:
    """`count` distinct numbers in each stretch of `length` choices, handed out in ascending order.

    `next` is the number of the next one, counted from 0; the one who gets there calls `advance`. With a count of 0 it is NEVER.
    """

    __slots__ = ("_ahead", "_count", "_length", "_origin", "_random", "next")

    def __init__(self, random: Callable[[], float], count: int, length: int) -> None:
        self._random = random
        self._length = max(length, 1)
        self._count = min(count, self._length)
        self._origin = 0
        self._ahead: list[int] = []
        self.next = NEVER
        if self._count:
            self._draw()

    def _draw(self) -> None:
        drawn: set[int] = set()
        while len(drawn) < self._count:
            drawn.add(int(self._random() * self._length))
        self._ahead = sorted((self._origin + point for point in drawn), reverse=True)
        self.next = self._ahead.pop()
        self._origin += self._length

    def advance(self) -> int:
        """Go on to the next number, and return it."""
        if self._ahead:
            self.next = self._ahead.pop()
        else:
            self._draw()
        return self.next
