"""Whether a call is the program's."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.acting import acting_place, sharing


@pytest.fixture
def program(monkeypatch):
    """This file is the program."""
    fake = SimpleNamespace(in_scope=lambda file: file == __file__)
    monkeypatch.setattr(control, "scheduler", fake)
    return fake


def test_the_innermost_place_in_scope_acts(program) -> None:
    """Itself, or by way of the library."""
    found = acting_place(1)
    line = sys._getframe().f_lineno - 1
    assert found == (__file__, line, "test_the_innermost_place_in_scope_acts")


def test_nobody_acts_where_the_program_is_not_in_scope(program) -> None:
    """What pytest does around a test is none of the program's operations."""
    program.in_scope = lambda _file: False
    assert acting_place(1) is None


def test_nothing_is_shared_outside_of_a_run() -> None:
    """Then everybody gets the original."""
    assert sharing() is None
