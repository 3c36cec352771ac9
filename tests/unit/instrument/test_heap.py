"""Objects by their types."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from pytest_racecheck.instrument.heap import Since, living, living_below


class Thing(dict[str, object]):
    """Something the garbage collector knows."""


class Special(Thing):
    """One of another type."""


@pytest.fixture
def _undisturbed() -> Iterator[None]:
    """The collector goes to work only when it is told to."""
    collecting = gc.isenabled()
    gc.disable()
    yield
    if collecting:
        gc.enable()


def test_by_type() -> None:
    """Exactly of that type, or of those made from it, too."""
    things = [Thing(), Special()]
    assert [one for one in living([Thing]) if one in things] == things[:1]
    assert {id(one) for one in living_below(Thing)} >= {id(one) for one in things}
    assert living_below(type("Unknown", (), {})) == []


@pytest.mark.usefixtures("_undisturbed")
def test_what_was_made_since() -> None:
    """It is found whatever was collected meanwhile; what is old is not looked at as long as nothing grew old."""
    old = Thing()
    gc.collect()
    since = Since()
    new = Thing()
    assert any(one is new for one in since.living([Thing]))
    if sys.version_info < (3, 14):
        assert since.is_young
        assert not any(one is old for one in since.living([Thing]))
    gc.collect(0)
    assert any(one is new for one in since.living([Thing]))
    gc.collect()
    assert not since.is_young
    assert {id(one) for one in since.living([Thing])} >= {id(old), id(new)}
