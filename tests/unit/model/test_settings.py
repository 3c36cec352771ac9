"""The words that configure a campaign."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import Settings, layered


def checked(**words: Any) -> Settings:
    """Settings as an argument list would give them."""
    return Settings.checked(words, lambda word: f"argument {word}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mode": "chaos"}, "argument mode is 'chaos'; expected one of explore, jitter, prove"),
        ({"schedules": 0}, "argument schedules is 0; expected a whole number of at least 1"),
        ({"schedules": -3}, "argument schedules is -3; expected"),
        ({"schedules": True}, "argument schedules is True; expected"),
        ({"seconds": 0}, "argument seconds is 0; expected a number of seconds greater than 0"),
        ({"seconds": float("nan")}, "argument seconds is nan; expected"),
        ({"strategy": "luck"}, "argument strategy is 'luck'; expected one of portfolio"),
        ({"start_method": "clone"}, "argument start_method is 'clone'; expected one of fork"),
        ({"seed": "7"}, "argument seed is '7'; expected a whole number"),
        ({"keep_going": 1}, "argument keep_going is 1; expected True or False"),
        ({"scope": "a b"}, "argument scope holds 'a b'; expected module names"),
        ({"scope": 3}, "argument scope is 3; expected module names"),
        ({"colour": "red"}, "argument colour is not known; expected one of mode"),
    ],
)
def test_a_bad_word_is_named_in_one_line(words: dict[str, Any], said: str) -> None:
    """The complaint names the word, what it was, and what was expected, in a single line."""
    with pytest.raises(UsageError) as raised:
        checked(**words)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_typo_is_told_what_was_meant() -> None:
    """Words that are no settings count, too, where they could have been said."""
    with pytest.raises(UsageError) as raised:
        Settings.checked({"worker": 3}, str, beside=("workers", "setup"))
    said = str(raised.value)
    assert said.startswith(
        "worker is not known (did you mean workers?); expected one of workers, setup, mode, "
    )


def test_the_first_layer_that_speaks_wins() -> None:
    """A word left out, or None, is decided by the layer below."""
    result = layered(checked(seed=1), checked(seed=2, schedules=5), checked(seconds=3, schedules=7))
    assert result == Settings(seed=1, schedules=5, seconds=3.0)


def test_scope_is_a_list_of_names_or_one_string() -> None:
    """Modules may come as a sequence or separated by commas."""
    assert checked(scope="urllib3, importlib.util").scope == ("urllib3", "importlib.util")
    assert checked(scope=["urllib3"]).scope == ("urllib3",)
