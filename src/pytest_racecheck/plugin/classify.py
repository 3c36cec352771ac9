"""What an exception in a test's body means for the run it happened in."""

from __future__ import annotations

import sys

import pytest
from _pytest.outcomes import OutcomeException

from pytest_racecheck.model.errors import RacecheckError
from pytest_racecheck.model.outcome import Judgement
from pytest_racecheck.plugin.limits import timed_out


def classify(error: BaseException) -> Judgement:
    """A skip passes, what the tool, the user or a time limit raised ends the campaign, and the rest is a failure.

    To pytest an exception that is no `Exception` is a failure like any, be it the program's own or asyncio's for what was cancelled.
    """
    if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception, *_unittest_skip())):
        return "pass"
    if isinstance(error, (RacecheckError, pytest.exit.Exception, *_debugger_quit())):
        return "abort"
    if timed_out(error):
        return "abort"
    if isinstance(error, (Exception, pytest.fail.Exception)):
        return "failure"
    return "abort" if isinstance(error, _ENDING) or _is_ours(error) else "failure"


_ENDING = (KeyboardInterrupt, GeneratorExit, OutcomeException)


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == "pytest_racecheck"


def _unittest_skip() -> tuple[type[BaseException], ...]:
    unittest = sys.modules.get("unittest")
    return () if unittest is None else (unittest.SkipTest,)


def _debugger_quit() -> tuple[type[BaseException], ...]:
    bdb = sys.modules.get("bdb")
    return () if bdb is None else (bdb.BdbQuit,)
