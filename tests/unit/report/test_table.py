"""Tables."""

from __future__ import annotations

from pytest_racecheck.report.table import natural_width, table

HEAD = ["task", "where", "before", "held"]
ROWS = [["increment-1", "gallery/test_first_race.py:21", "store attribute value", "3.00 ms"]]


def test_columns_line_up_under_a_rule() -> None:
    """Numbers are flush right, text is flush left."""
    assert table(["runs", "ended with"], [["7", "passed"], ["123", "no"]], 80, right=(0,)) == (
        "  runs  ended with\n  ────  ──────────\n     7  passed\n   123  no"
    )


def test_natural_width_is_what_fits_unfolded() -> None:
    """A table as wide as that has a line for each row; one column less, and it has not."""
    width = natural_width([HEAD, *ROWS])
    assert len(table(HEAD, ROWS, width).splitlines()) == 3
    assert len(table(HEAD, ROWS, width - 1).splitlines()) == 4


def test_positions_stay_whole_when_a_table_is_folded() -> None:
    """Other columns give way; where they cannot, the table is too wide rather than a position broken."""
    text = table(HEAD, ROWS, 62)
    assert "gallery/test_first_race.py:21" in text
    assert max(map(len, text.splitlines())) <= 72
    assert "gallery/test_first_race.py:21" in table(HEAD, ROWS, 20)
