"""Columns of text under a rule, folded to fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

_INDENT = "  "
_GAP = "  "
_NARROWEST = 16


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int, right: Sequence[int] = ()
) -> str:
    """`rows` under `head`, no line wider than `width`: the widest column's cells are folded where they must be.

    The columns in `right` are flush right.
    """
    widths = _widths([head, *rows], width)
    rule = ["─" * column for column in widths]
    lines = [line for row in [head, rule, *rows] for line in _lines(row, widths, right)]
    return "\n".join(lines)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    surplus = len(_INDENT) + sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while surplus > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        next_widest = max([_NARROWEST, *(w for w in widths if w < widths[widest])])
        cut = min(surplus, max(1, widths[widest] - next_widest))
        widths[widest] -= cut
        surplus -= cut
    return widths


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> Iterator[str]:
    folded = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(cell) for cell in folded)):
        cells = [cell[number] if number < len(cell) else "" for cell in folded]
        padded = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        yield (_INDENT + _GAP.join(padded)).rstrip()
