"""Finalisers of a run that is over."""

from __future__ import annotations

import sys

import pytest

from pytest_racecheck.runtime.threads.finalisers import unheard
from pytest_racecheck.runtime.threads.task import Aborted


class Ends:
    """Raises when it is dropped."""

    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


@pytest.mark.parametrize(("error", "said"), [(Aborted(), 0), (ValueError(), 1)])
def test_only_the_end_of_a_run_is_unheard(monkeypatch, error, said):
    """What ends a run is not reported when a finaliser lets it through; anything else is."""
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    with unheard():
        Ends(error)
    assert len(heard) == said
    assert sys.unraisablehook == heard.append
