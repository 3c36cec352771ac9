"""`@pytest.mark.racecheck`: the words of one test, class or module.

Several markers add up, word by word, and the closest to the test wins.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.pending import refuse_pending
from pytest_racecheck.model.settings import EXPECTATIONS, Settings

NAME = "racecheck"
_BESIDE = ("expect", "skip")
_DESCRIPTION = (
    "racecheck(mode=..., schedules=..., seconds=..., seed=..., expect='race' | 'race-free', skip='reason', ...): "
    "how --racecheck and the race fixtures explore this test."
)


class Marked(NamedTuple):
    """What the markers of one test say: settings, the expected verdict, and why to leave it out."""

    settings: Settings = Settings()
    expect: str | None = None
    skip: str | None = None


def register_marker(config: pytest.Config) -> None:
    """Make the marker known, for --strict-markers and --markers."""
    config.addinivalue_line("markers", _DESCRIPTION)


def marked(item: pytest.Item) -> Marked:
    """What the item's markers say; raises pytest.UsageError naming the test and the argument for what cannot be."""
    __tracebackhide__ = True
    marks = list(item.iter_markers(NAME))
    if not marks:
        return UNMARKED
    try:
        return _read(marks)
    except UsageError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read the markers of all items, so that a mistake in one is told before anything runs, with --racecheck or without.

    A worker of xdist cannot end the session in an orderly way: there the tests concerned fail.
    """
    if hasattr(config, "workerinput"):
        return
    for item in items:
        if NAME in item.keywords:
            marked(item)


UNMARKED = Marked()


def _read(marks: list[pytest.Mark]) -> Marked:
    __tracebackhide__ = True
    words: dict[str, object] = {}
    for mark in reversed(marks):
        if mark.args:
            raise UsageError(
                f"marker {NAME} got the positional argument {mark.args[0]!r}; expected keywords only"
            )
        words.update(mark.kwargs)
    expect, skip = (words.pop(word, None) for word in _BESIDE)
    if expect is not None and expect not in EXPECTATIONS:
        expected = " or ".join(repr(name) for name in EXPECTATIONS)
        raise UsageError(f"{_source('expect')} is {expect!r}; expected {expected}")
    if skip is not None and (not isinstance(skip, str) or not skip):
        raise UsageError(f"{_source('skip')} is {skip!r}; expected the reason, as text")
    settings = Settings.checked(words, _source, _BESIDE)
    refuse_pending(settings, _source)
    if settings.scope:
        from pytest_racecheck.instrument.scope import check_names

        check_names(settings.scope, _source("scope"))
    return Marked(settings, expect and str(expect), skip)


def _source(word: str) -> str:
    return f"marker argument {word}"
