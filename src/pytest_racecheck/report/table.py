"""Columns of text under a rule, folded to fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_racecheck.report.fold import fold, least_width

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


def natural_width(rows: Sequence[Sequence[str]]) -> int:
    """How wide a table is in which nothing is folded."""
    return _total([max(map(len, column)) for column in zip(*rows, strict=True)])


def _total(widths: Sequence[int]) -> int:
    return len(_INDENT) + sum(widths) + len(_GAP) * (len(widths) - 1)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    least = [max(least_width(cell, _NARROWEST) for cell in column) for column in columns]
    surplus = _total(widths) - width
    while surplus > 0:
        loose = [i for i, column in enumerate(widths) if column > least[i]]
        if not loose:
            break
        widest = max(loose, key=lambda i: widths[i])
        next_widest = max(
            [least[widest], *(widths[i] for i in loose if widths[i] < widths[widest])]
        )
        cut = min(surplus, max(1, widths[widest] - next_widest))
        widths[widest] -= cut
        surplus -= cut
    return widths


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> Iterator[str]:
    folded = [fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(cell) for cell in folded)):
        cells = [cell[number] if number < len(cell) else "" for cell in folded]
        padded = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        yield (_INDENT + _GAP.join(padded)).rstrip()
