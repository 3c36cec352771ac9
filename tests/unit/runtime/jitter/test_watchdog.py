"""A deadline for the thread that runs the program."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import pytest

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.jitter.waits import KNOWN
from pytest_racecheck.runtime.jitter.watchdog import RunOverdue, Watchdog, deadline

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this platform has no interval timers"
)


def test_a_stuck_main_thread_is_got_out_with_its_frame() -> None:
    """A lock that nobody releases is left when the deadline passes, and the stuck frame is shown to who words it."""
    seen: list[FrameType | None] = []

    def notice(frame: FrameType | None) -> str:
        seen.append(frame)
        return "stuck"

    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(RunOverdue, match="^stuck$"), deadline(0.05, notice):
        lock.acquire()
    assert seen[0] is not None
    assert seen[0].f_code is test_a_stuck_main_thread_is_got_out_with_its_frame.__code__


def test_what_was_set_before_is_put_back() -> None:
    """Somebody else's handler and timer are there again afterwards, with less time left."""

    def theirs(number: int, frame: FrameType | None) -> None:
        raise AssertionError("their timer must not go off here")

    previous = signal.signal(signal.SIGALRM, theirs)
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        with deadline(30, lambda frame: ""):
            assert signal.getsignal(signal.SIGALRM) is not theirs
        assert signal.getsignal(signal.SIGALRM) is theirs
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_a_shorter_timer_of_somebody_else_is_left_alone() -> None:
    """When another timer would go off first, it keeps its handler."""
    previous = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 20)
    try:
        with deadline(30, lambda frame: ""):
            assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_off_the_main_thread_there_is_no_deadline() -> None:
    """On another thread the block leaves handler and timer as they are, pytest-timeout's included."""
    seen: list[tuple[object, float]] = []

    def look() -> None:
        seen.append((signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]))

    def body() -> None:
        with deadline(30, lambda frame: ""):
            look()

    look()
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    (handler, left), (handler_inside, left_inside) = seen
    assert handler_inside is handler
    assert left_inside <= left


def test_what_unwinds_is_watched_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `finally` that blocks again is left, too; what is said is the first."""
    monkeypatch.setattr("pytest_racecheck.runtime.jitter.watchdog._AGAIN", 0.05)
    lock = threading.Lock()
    lock.acquire()
    said = iter(["first", "second"])
    with pytest.raises(RunOverdue, match="^first$"), deadline(0.05, lambda _: next(said)):
        try:
            lock.acquire()
        finally:
            lock.acquire()
    assert next(said) == "second"


needs_rest = pytest.mark.skipif(not KNOWN, reason="what threads wait for is not known here")


@needs_rest
def test_a_process_at_rest_is_given_up_early() -> None:
    """Where nothing can move any more, the long deadline is not waited for; how long it was is known."""
    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(RunOverdue), Watchdog(lambda _: "stuck") as watchdog:
        watchdog.arm(60, 0.05)
        lock.acquire()
    assert 0.05 <= watchdog.seconds < 30


@needs_rest
def test_who_waits_with_a_limit_is_not() -> None:
    """A sleep is no hang, even where it takes much longer than a rest may."""
    lock = threading.Lock()
    lock.acquire()
    with Watchdog(lambda _: "stuck") as watchdog:
        watchdog.arm(60, 0.01)
        assert not lock.acquire(timeout=0.3)


@needs_rest
def test_a_call_that_signals_end_is_not_ended_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pause` returns for any signal whose handler returns, so there is none before the end."""
    with pytest.raises(RunOverdue), Watchdog(lambda _: "stuck") as watchdog:
        watchdog.arm(60, 0.05)
        signal.pause()
        pytest.fail("pause was ended by a signal of ours")


def test_who_disarms_it_has_time() -> None:
    """From then on nothing is watched, and what was there before is back."""
    handler = signal.getsignal(signal.SIGALRM)
    with Watchdog(lambda _: "stuck") as watchdog:
        watchdog.arm(0.3, 0.3)
        watchdog.disarm()
        assert signal.getsignal(signal.SIGALRM) is handler
        threading.Event().wait(0.5)


@needs_rest
def test_their_timer_goes_off_in_time() -> None:
    """A timer that is longer than a rest and shorter than the deadline goes off as if we were not there."""
    rang: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.15)
    try:
        with Watchdog(lambda _: "stuck") as watchdog:
            watchdog.arm(60, 0.1)
            threading.Event().wait(0.4)
            assert rang == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@needs_rest
def test_a_main_thread_that_no_signal_gets_out_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After two signals in vain it is written where everybody stands, and in which test."""
    with open(tmp_path / "stderr", "wb") as file:
        monkeypatch.setattr(control, "stderr", file.fileno())
        monkeypatch.setattr(control, "test", "test_a.py::test_b")
        watchdog = Watchdog(lambda _: "stuck")
        watchdog._rang = 2
        watchdog._is_at_rest()
        watchdog._is_at_rest()
    text = (tmp_path / "stderr").read_text()
    assert text.count("racecheck: test_a.py::test_b: stuck in a call that cannot be") == 1
    assert "in test_a_main_thread_that_no_signal_gets_out_is_named" in text
