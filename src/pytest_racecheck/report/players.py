"""Who plays a part in a run that failed, and whose rows can be left out.

Of twenty processes that count down one after the other two are the race, and eighteen are the crowd. Whoever was interrupted plays a part, and so does
who is named in a row of somebody else's, or raised something, or went last before somebody who was interrupted went on. The rows of the others are
told in one line.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from itertools import groupby

from pytest_racecheck.report.rows import Row

# With so few tasks everybody is shown.
_FEW = 4
_NAMED = 2


def without_crowd(rows: Sequence[Row], main: str) -> list[Row]:
    """The rows of those who play a part, and a line for each stretch of others."""
    tasks = list(dict.fromkeys(row.task for row in rows if row.task and row.task != main))
    if len(tasks) <= _FEW:
        return list(rows)
    players = {main, "", *_players(rows, tasks)}
    if players.issuperset(tasks) or players == {main, ""}:
        return list(rows)
    shown: list[Row] = []
    for plays, group in groupby(rows, key=lambda row: row.task in players):
        own = list(group)
        shown += own if plays else [_crowd(own)]
    return shown


def _players(rows: Sequence[Row], tasks: Sequence[str]) -> set[str]:
    found = {task for task in tasks if _is_interrupted(rows, task)}
    if not found:
        return set()
    begun = {rows[0].task}
    for before, row in itertools.pairwise(rows):
        if row.task in found and row.task in begun and before.task != row.task:
            # What it finds when it goes on, this one has left.
            found.add(before.task)
        begun.add(row.task)
    for row in rows:
        if row.note.startswith("raises "):
            found.add(row.task)
        found |= {task for task in tasks if row.task in found and _names(row.note, task)}
    return found


def _is_interrupted(rows: Sequence[Row], task: str) -> bool:
    places = [place for place, row in enumerate(rows) if row.task == task]
    return places[-1] - places[0] >= len(places)


def _names(note: str, task: str) -> bool:
    return task in (word.removesuffix("'s") for word in note.split())


def _crowd(rows: Sequence[Row]) -> Row:
    tasks = list(dict.fromkeys(row.task for row in rows))
    named = ", ".join(tasks[:_NAMED])
    if len(tasks) > _NAMED:
        named += f" and {len(tasks) - _NAMED} more"
    turn = ", one after the other" if len(tasks) > 1 else ""
    return Row("", "", f"… {named}{turn}: {len(rows)} steps …")
