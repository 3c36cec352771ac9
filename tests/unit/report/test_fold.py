"""Folding."""

from __future__ import annotations

import pytest

from pytest_racecheck.report.fold import fold, least_width


def test_lines_break_between_words() -> None:
    """What follows the first line is indented, and nothing is too wide."""
    assert fold("one two three four", 9, "  ") == ["one two", "  three", "  four"]


def test_a_long_word_is_cut() -> None:
    """A word that fits on no line is broken, or it would be wider than the terminal."""
    assert fold("a " + "x" * 12, 8, "  ") == ["a", "  xxxxxx", "  xxxxxx"]


@pytest.mark.parametrize("place", ["docs/gallery/test_first_race.py:21", "<frozen importlib>.py:7"])
def test_a_position_is_never_broken(place) -> None:
    """A source position is kept whole, whatever the width."""
    assert any(place.split()[-1] in line for line in fold(f"raised at {place} in f", 12, "  "))


def test_the_first_line_may_have_less_room() -> None:
    """`lead` columns of the first line are somebody else's."""
    assert fold("one two three", 10, "", lead=4) == ["one", "two three"]
    assert fold("one two three", 17, "", lead=4) == ["one two three"]


def test_nothing_is_one_empty_line() -> None:
    """An empty cell has a line, too."""
    assert fold("", 5) == [""]


def test_the_least_width_is_that_of_a_position() -> None:
    """Other words count only up to what is bearable."""
    assert least_width("in " + "x" * 30, 16) == 16
    assert least_width("short", 16) == 5
    assert least_width("docs/test_first_race.py:21", 16) == 26
    assert least_width("", 16) == 0
