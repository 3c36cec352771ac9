"""The errors as users see them."""

from __future__ import annotations

import pickle

import pytest

import pytest_racecheck
from pytest_racecheck.model import errors

PUBLIC = [
    errors.UsageError, errors.SetupFailed, errors.CheckFailed, errors.RaceFound, errors.RaceNotFound, errors.Inconclusive
]  # fmt: skip


@pytest.mark.parametrize("kind", PUBLIC)
def test_errors_come_from_where_they_are_imported(kind) -> None:
    """A traceback names the package, and the name it says can be imported and unpickled."""
    assert kind.__module__ == "pytest_racecheck"
    assert getattr(pytest_racecheck, kind.__name__) is kind
    assert type(pickle.loads(pickle.dumps(kind("text")))) is kind
