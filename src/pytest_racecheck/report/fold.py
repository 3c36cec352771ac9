"""Folding lines that are too wide.

Breaks fall between words, and inside a word only where it does not fit on a line of its own. A source position is never
broken: terminals and editors make a link of it, and half of one is worth nothing.
"""

from __future__ import annotations

import re
import textwrap

_PLACE = re.compile(r"[^\s:]+:\d+\b")


def fold(text: str, width: int, indent: str = "", lead: int = 0) -> list[str]:
    """`text` in lines of at most `width`, all but the first indented; `lead` columns of the first are taken."""
    wrapper = textwrap.TextWrapper(
        width, initial_indent=" " * lead, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    lines = wrapper.wrap(text) or [""]
    lines = [piece for line in lines for piece in _pieces(line, width, indent)]
    return [lines[0][lead:], *lines[1:]]


def least_width(text: str, bearable: int) -> int:
    """How narrow `text` may be folded: not through a source position, and no other word below `bearable`."""
    words = text.split()
    return max((len(w) if _PLACE.match(w) else min(len(w), bearable) for w in words), default=0)


def _pieces(line: str, width: int, indent: str) -> list[str]:
    """A line of one long word in as many as it takes."""
    pieces = []
    while len(line) > width and not _PLACE.match(line.strip()):
        pieces.append(line[:width])
        line = indent + line[width:]
    return [*pieces, line]
