"""An interrupt that the interpreter had to drop is raised after all."""

from __future__ import annotations

import sys

import pytest

from pytest_racecheck.runtime.interrupts import Interrupts


class Interrupted:
    """Raises when it is thrown away, as a finaliser does that Ctrl-C hits."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


def test_a_lost_interrupt_is_raised_at_the_next_check() -> None:
    """`check` raises it, once."""
    with Interrupts() as interrupts:
        Interrupted(KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        interrupts.check()


def test_a_lost_interrupt_is_raised_at_the_end() -> None:
    """Leaving the block raises it, and puts the hook back."""
    before = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), Interrupts():
        Interrupted(KeyboardInterrupt)
    assert sys.unraisablehook == before


def test_an_error_goes_before_a_lost_interrupt() -> None:
    """What the block raises is not replaced."""
    with pytest.raises(ValueError, match="first"), Interrupts():
        Interrupted(KeyboardInterrupt)
        raise ValueError("first")


def test_other_lost_exceptions_go_where_they_went(monkeypatch) -> None:
    """Everything else reaches the hook that was there."""
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    with Interrupts():
        Interrupted(OSError)
    assert told == [OSError]
