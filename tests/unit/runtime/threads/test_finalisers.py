"""Finalisers of a run that is over."""

from __future__ import annotations

import sys

import pytest

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads.finalisers import unheard
from pytest_racecheck.runtime.threads.task import Aborted


class Ends:
    """Raises when it is dropped."""

    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


class Going:
    """A scheduler whose run goes on, or is being unwound."""

    def __init__(self, aborting=False):
        self.aborting = aborting


@pytest.mark.parametrize(
    ("scheduler", "error", "said"),
    [
        (Going(), ValueError(), 1),
        (Going(), Aborted(), 0),
        (Going(aborting=True), AttributeError(), 0),
        (IDLE, AttributeError(), 0),
        (IDLE, KeyboardInterrupt(), 1),
        (Going(aborting=True), KeyboardInterrupt(), 1),
    ],
)
def test_only_what_the_program_does_is_heard(monkeypatch, scheduler, error, said):
    """What ends a run is not reported when a finaliser lets it through, nor what is half made because its run has ended."""
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    monkeypatch.setattr(control, "scheduler", scheduler)
    with unheard():
        Ends(error)
    assert len(heard) == said
    assert sys.unraisablehook == heard.append
