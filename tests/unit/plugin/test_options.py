"""The table of options is complete."""

from __future__ import annotations

import dataclasses
import types

import pytest

from pytest_racecheck.model.settings import Settings
from pytest_racecheck.plugin.options import OTHERS, SETTINGS, SWITCH, Options, options_of


def test_every_setting_is_an_option() -> None:
    """Each word of Settings can be said on the command line and written in the file."""
    assert {option.word for option in SETTINGS} == {f.name for f in dataclasses.fields(Settings)}


def test_words_are_spelled_alike() -> None:
    """An option and its twin are the same words, with dashes here and underscores there."""
    for option in (SWITCH, *SETTINGS, *OTHERS):
        assert option.flag == "--" + option.key.replace("_", "-")


def test_without_the_plugin_there_are_defaults() -> None:
    """Fixtures that were imported by hand find built-in options."""
    never_configured = types.SimpleNamespace(stash=pytest.Stash())
    assert options_of(never_configured) == Options()
