"""What is promised and not there yet."""

from __future__ import annotations

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.pending import availability, refuse_pending
from pytest_racecheck.model.settings import MODES, STRATEGIES, TIMEOUTS, Settings

CHOICES = {"mode": MODES, "strategy": STRATEGIES, "timeouts": TIMEOUTS}


def missing(text: str) -> list[str]:
    """The values that help says are not available yet."""
    return text.partition("(")[2].partition(":")[0].split(", ") if ": not available" in text else []


def test_what_is_there_is_simply_listed() -> None:
    """Nothing is said about words that are complete."""
    assert availability("seed") == ""
    assert availability("start_method", ("fork", "spawn")) == "fork, spawn"


@pytest.mark.parametrize(
    ("word", "value"), [(word, value) for word, values in CHOICES.items() for value in values]
)
def test_exactly_what_help_calls_missing_is_refused(word, value) -> None:
    """Help and refusal come from one table: a value is either listed as there, or refused."""
    text = availability(word, CHOICES[word])
    assert value in text
    if value in missing(text) or text.endswith(f"{CHOICES[word][-1]} (not available yet)"):
        with pytest.raises(UsageError, match="not available yet: "):
            refuse_pending(Settings(**{word: value}), str)
    else:
        refuse_pending(Settings(**{word: value}), str)


@pytest.mark.parametrize("word", ["races", "gc"])
def test_flags_are_there_or_refused(word) -> None:
    """The same for words that take no value."""
    if availability(word):
        with pytest.raises(UsageError, match=f"not available yet: {word}"):
            refuse_pending(Settings(**{word: True}), str)
    else:
        refuse_pending(Settings(**{word: True}), str)
