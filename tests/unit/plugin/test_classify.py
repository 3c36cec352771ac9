"""What an exception in a test's body means."""

from __future__ import annotations

import asyncio
import bdb
import types
import unittest

import pytest

from pytest_racecheck.model.errors import RaceFound, UsageError
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.runtime.threads.task import Aborted


class Own(BaseException):
    """The program's own."""


@pytest.mark.parametrize(
    ("error", "judgement"),
    [
        (AssertionError(), "failure"),
        (pytest.fail.Exception("no"), "failure"),
        (SystemExit(1), "failure"),
        (asyncio.CancelledError(), "failure"),
        (Own(), "failure"),
        (RaceFound("in a campaign that the test asked for"), "failure"),
        (ExceptionGroup("several", [ValueError()]), "failure"),
        (pytest.skip.Exception("why not"), "pass"),
        (unittest.SkipTest("why not"), "pass"),
        (pytest.xfail.Exception("known"), "pass"),
        (KeyboardInterrupt(), "abort"),
        (GeneratorExit(), "abort"),
        (Aborted(), "abort"),
        (pytest.exit.Exception("enough"), "abort"),
        (bdb.BdbQuit(), "abort"),
        (UsageError("no such word"), "abort"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_by_kind(error, judgement) -> None:
    """Failures of the program fail the run; what the user, the tool or a debugger raised ends the campaign."""
    assert classify(error) == judgement


def test_time_limits_abort() -> None:
    """A failure that pytest-timeout's handler raised is told from one of the program by where it was raised."""
    handler = types.FunctionType(
        compile("fail('late')", "pytest_timeout.py", "exec"),
        {"__name__": "pytest_timeout", "fail": pytest.fail},
    )
    with pytest.raises(pytest.fail.Exception) as caught:
        handler()
    assert classify(caught.value) == "abort"
