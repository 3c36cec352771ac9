"""Strategies by name."""

from __future__ import annotations

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import STRATEGIES
from pytest_racecheck.strategies.registry import make


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "dpor"])
def test_every_name_of_the_settings_makes_its_strategy(name: str) -> None:
    """Each name gives a new strategy that bears it."""
    assert make(name).name == name
    assert make(name) is not make(name)


def test_other_names_are_refused_in_one_line() -> None:
    """The complaint names what was asked for and what there is."""
    with pytest.raises(
        UsageError, match=r"^strategy is 'chess'; expected one of portfolio, random"
    ):
        make("chess")
