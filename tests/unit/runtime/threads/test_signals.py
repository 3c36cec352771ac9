"""Waiting for signals."""

from __future__ import annotations

import signal

import pytest

from pytest_racecheck.runtime.threads import signals


@pytest.fixture
def blocked():
    """A signal that is blocked, and pending."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGRTMIN + 7])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_it_gives_what_sigwait_gives(blocked) -> None:
    """A pending signal is taken: by its name, or by its number where it has none."""
    signal.raise_signal(signal.SIGUSR1)
    taken = signals.sigwait([signal.SIGUSR1])
    assert taken is signal.SIGUSR1
    signal.raise_signal(signal.SIGRTMIN + 7)
    assert signals.sigwait([signal.SIGRTMIN + 7]) == signal.SIGRTMIN + 7


def test_a_handler_may_raise_out_of_it() -> None:
    """Unlike the original it ends when a handler raises."""

    def handle(_number: int, _frame: object) -> None:
        raise InterruptedError

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        with pytest.raises(InterruptedError):
            signals.sigwait([signal.SIGUSR2])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
