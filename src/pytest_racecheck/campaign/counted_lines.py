"""Lines as tokens count them: without those that are only a breakpoint.

Whoever replays a run to look at it puts a `breakpoint()` where the run is to stop. The code is the same but for that, and so is its token.
"""

from __future__ import annotations

import linecache
from bisect import bisect_left

_STOP = "breakpoint()"


class CountedLines:
    """The lines of files, each read once."""

    def __init__(self) -> None:
        self._stops: dict[str, list[int]] = {}

    def number(self, file: str, line: int) -> int:
        """The number of that line of the file, counted from 1."""
        stops = self._stops.get(file)
        if stops is None:
            lines = enumerate(linecache.getlines(file), 1)
            stops = self._stops[file] = [at for at, text in lines if text.strip() == _STOP]
        return line - bisect_left(stops, line)
