"""How things are said."""

from __future__ import annotations

import functools

from pytest_racecheck.model.wording import label_of, plural, shortened, summary_of


def test_one_and_many() -> None:
    """Only one is singular."""
    assert [plural(count, "run") for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


def test_long_text_is_cut() -> None:
    """To exactly the width."""
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_exceptions_that_differ_in_an_address_have_one_summary() -> None:
    """Type and first line, without what changes from run to run."""
    assert summary_of(ValueError("<x at 0x7f12ab>\nmore")) == "ValueError: <x at 0x…>"
    assert summary_of(KeyError()) == "KeyError"


def test_labels() -> None:
    """A function's name, a partial's function's, a lambda's without brackets, or what is said instead."""
    assert label_of(test_labels, "Thread") == "test_labels"
    assert label_of(functools.partial(test_labels), "Thread") == "test_labels"
    assert label_of(lambda: None, "Thread") == "lambda"
    assert label_of(None, "Reader") == "Reader"
    assert label_of(None, "<>") == "task"
