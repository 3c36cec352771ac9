"""The lane table: one column for each task, one row for each step, in the order in which it all happened.

Tasks that do nothing worth a row get no column. Where there are too many for columns, the rows are a list. A long run is cut: of many steps in a
row that one task does only the first and the last are shown, and of what is still too long the middle is left out; how it
began seldom matters, how it ended always does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from pytest_racecheck.model.outcome import RunResult
from pytest_racecheck.report.fold import fold
from pytest_racecheck.report.places import Names, Places
from pytest_racecheck.report.players import without_crowd
from pytest_racecheck.report.rows import Row, rows_of

_INDENT = "  "
_GAP = "  "
_NARROWEST = 22
_WIDEST = 44
_MOST_ROWS = 40
_MOST_IN_A_ROW = 8
_LONGEST_NAME = 24
_MOST_IDLE = 3
_MAIN = "main"


def lanes(result: RunResult, places: Places, names: Names, width: int) -> str:
    """The trace of an explored run as a table no wider than `width`; "" where there is none."""
    explored = result.explored
    if explored is None or not explored.trace:
        return ""
    rows = rows_of(explored.trace, explored.waiting, places)
    shown = {row.task for row in rows}
    idle = [task for task in result.tasks if task not in shown and task != _MAIN]
    rows = without_crowd(rows, _MAIN)
    playing = [task for task in result.tasks if any(row.task == task for row in rows)]
    if not playing:
        return ""
    rows = _cut(_condensed(rows))
    room = (width - len(_INDENT) - len(_GAP) * (len(playing) - 1)) // len(playing)
    is_wide = room >= _NARROWEST
    lines = _drawn(rows, playing, names, room, width) if is_wide else _listed(rows, names, width)
    return "\n".join([*lines, *_idle(idle, names, width)])


def _condensed(rows: Sequence[Row]) -> list[Row]:
    """Of many rows of one task in a row, the first and the last ones."""
    shown: list[Row] = []
    for task, group in groupby(rows, key=lambda row: row.task):
        own = list(group)
        if len(own) > _MOST_IN_A_ROW:
            ends = _MOST_IN_A_ROW // 2 - 1
            left_out = _left_out(task, len(own) - 2 * ends)
            own = [*own[:ends], left_out, *own[-ends:]]
        shown += own
    return shown


def _cut(rows: list[Row]) -> list[Row]:
    if len(rows) <= _MOST_ROWS + 1:
        return rows
    first, last = _MOST_ROWS // 4, _MOST_ROWS - _MOST_ROWS // 4
    return [*rows[:first], _left_out("", len(rows) - first - last), *rows[-last:]]


def _left_out(task: str, count: int) -> Row:
    return Row(task, "", f"… {count} more steps …")


def _drawn(
    rows: Sequence[Row], playing: Sequence[str], names: Names, room: int, width: int
) -> list[str]:
    heads = [names.named(task) for task in playing]
    texts = [_said(row, names) for row in rows]
    column = max(_NARROWEST, min(room, _WIDEST, max(map(_columns, [*texts, *heads]))))
    lines = list(_header(heads, column))
    lines.append(_line(["─" * column] * len(playing), column))
    for row in rows:
        lines += _cells(row, playing, column, names, width)
    return lines


def _header(heads: Sequence[str], column: int) -> Iterator[str]:
    folded = [fold(head, column) for head in heads]
    for number in range(max(map(len, folded))):
        yield _line([lines[number] if number < len(lines) else "" for lines in folded], column)


def _cells(row: Row, playing: Sequence[str], column: int, names: Names, width: int) -> list[str]:
    """One row. A row has but one cell, so what is too wide for it may run on to the right, where nothing stands."""
    if not row.task:
        return [_INDENT + row.text]
    start = len(_INDENT) + playing.index(row.task) * (column + len(_GAP))
    room = max(column, width - start)
    texts = _folded(_said(row, names), room)
    note = names.named(row.note)
    if note:
        # In the next column, if the row and the note fit their places; else below.
        gap = max(column - _columns(texts[-1]), 0) + len(_GAP)
        beside = _columns(texts[-1]) + gap + _columns(note) <= room
        texts[-1:] = (
            [texts[-1] + " " * gap + note]
            if beside
            else [texts[-1], *_folded(_INDENT + note, room)]
        )
    return [" " * start + text for text in texts]


def _said(row: Row, names: Names) -> str:
    return f"{row.where} {names.named(row.text)}".strip()


def _folded(text: str, column: int) -> list[str]:
    """`text` in lines of so many columns; letters that are two columns wide are allowed for."""
    wide = _columns(text) - len(text)
    narrower = max(_NARROWEST // 2, column - wide) if wide else column
    indent = text[: len(text) - len(text.lstrip())] + _INDENT
    return fold(text, narrower, indent)


def _line(cells: Sequence[str], column: int) -> str:
    padded = (cell + " " * (column - _columns(cell)) for cell in cells)
    return (_INDENT + _GAP.join(padded)).rstrip()


def _columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    none = sum(unicodedata.combining(letter) > 0 for letter in text)
    return len(text) + wide - none


def _listed(rows: Sequence[Row], names: Names, width: int) -> list[str]:
    """Too many tasks for columns: a line each step, the task's name first."""
    heads = [names.named(row.task) for row in rows]
    column = min(_LONGEST_NAME, max(map(_columns, heads)))
    lines = []
    for row, head in zip(rows, heads, strict=True):
        text = _said(row, names)
        if row.note:
            text += f"  ({names.named(row.note)})"
        first = head + " " * max(0, column - _columns(head)) + _GAP + text
        lines += fold(_INDENT + first, width, _INDENT + " " * (column + len(_GAP)))
    return lines


def _idle(idle: Sequence[str], names: Names, width: int) -> list[str]:
    if not idle:
        return []
    if len(idle) <= _MOST_IDLE:
        said = ", ".join(map(names.named, idle))
        return fold(f"{_INDENT}({said}: no part in it)", width, _INDENT * 2)
    return [f"{_INDENT}({len(idle)} other tasks: no part in it)"]
