"""How a call out of control is named."""

from __future__ import annotations

import json
import sys

from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.runtime.threads.scheduler import Scheduler
from pytest_racecheck.runtime.threads.stuck_call import StuckCall


def _call(in_scope):
    scheduler = Scheduler(100, in_scope)
    calls = []

    def blocks(_):
        calls.append(StuckCall.at(scheduler, "worker", sys._getframe(1), 1.0))

    json.loads("[1]", object_hook=None, parse_int=blocks)  # here
    return calls[0]


def test_the_line_in_scope_is_named():
    """The innermost line of the project is shown, and within it the library function that blocks."""
    call = _call(lambda file: file == __file__)
    assert call.line.endswith("# here")
    assert "in " in str(call)
    assert str(call).startswith(f"worker blocks, out of control, at {__file__}:")


def test_without_scope_the_innermost_line_is_named():
    """Where no line of the project is on the stack, the library's is shown."""
    call = _call(lambda file: False)
    assert call.position is None
    assert call.inner.file != __file__


def test_the_error_is_a_potential_deadlock():
    """As an error of a run it is a potential deadlock, at that line."""
    error = _call(lambda file: file == __file__).error()
    assert error.kind is Outcome.POTENTIAL_DEADLOCK
    assert error.position[0] == __file__
