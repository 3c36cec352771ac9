"""A deadline for the thread that runs the program."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import pytest

from pytest_racecheck.runtime.jitter.watchdog import RunOverdue, deadline

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
