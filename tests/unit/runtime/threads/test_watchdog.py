"""Calls that nobody controls."""

from __future__ import annotations

import _queue
import _thread
import io
import os
import select
import signal
import time

import pytest

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.run import Run
from pytest_racecheck.runtime.threads.scheduler import Scheduler
from pytest_racecheck.runtime.threads.watchdog import _SIGNAL, Watchdog
from pytest_racecheck.strategies.default import Default


@pytest.fixture
def scheduler():
    """A scheduler for runs in which nothing but the main task is controlled."""
    return Scheduler(1_000, lambda file: file == __file__)


def _stuck_in(scheduler, call):
    """What the watchdog made of a call in the main task of a run."""
    run = Run(scheduler, 1, lambda _error: "failure")
    run.execute(lambda _run: call(), Default())
    return run


@pytest.fixture
def pipe():
    """A pipe that nobody writes to."""
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


def _blocking_calls(reading):
    lock = _thread.allocate_lock()
    lock.acquire()
    return {
        "os.read": lambda: os.read(reading, 1),
        "a lock": lock.acquire,
        "a queue": _queue.SimpleQueue().get,
        "sleep": lambda: time.sleep(60),
        "a file": lambda: io.FileIO(reading, closefd=False).read(1),
    }


@pytest.mark.parametrize("name", ["os.read", "a lock", "a queue", "sleep", "a file"])
def test_a_call_that_blocks_is_left(scheduler, pipe, name):
    """The run ends, says potential deadlock, and names the line of the call."""
    call = _blocking_calls(pipe)[name]

    def program():
        call()

    with Watchdog(scheduler, 0.1, deadman=None):
        run = _stuck_in(scheduler, program)
    assert run.result().outcome.value == "potential deadlock"
    assert __file__ in run.errors[0].summary
    assert run.errors[0].position[0] == __file__


def test_finally_may_block_again(scheduler, pipe):
    """A task that blocks again while it unwinds is got out again."""

    def program():
        try:
            os.read(pipe, 1)
        finally:
            os.read(pipe, 1)

    with Watchdog(scheduler, 0.1, deadman=None):
        run = _stuck_in(scheduler, program)
    assert len(run.errors) == 1


def test_who_computes_is_not_blocked(scheduler):
    """A loop that makes no steps and uses the processor is left alone as long as it may compute."""

    def program():
        end = time.thread_time() + 0.5
        while time.thread_time() < end:
            pass

    with Watchdog(scheduler, 0.1, deadman=None):
        run = _stuck_in(scheduler, program)
    assert run.errors == []
    assert scheduler.blocked is None


def test_who_computes_for_ever_is_ended(scheduler):
    """After that it is named with its line, as a livelock."""

    def program():
        while True:
            pass

    with Watchdog(scheduler, 0.1, longest=0.3, deadman=None):
        run = _stuck_in(scheduler, program)
    assert run.result().outcome.value == "livelock"
    assert scheduler.blocked.computes
    assert "while True" in run.errors[0].summary or "pass" in run.errors[0].summary


def test_who_is_at_a_prompt_is_not_blocked(scheduler, pipe):
    """A debugger waits for its user, however long that takes."""
    names = {"__name__": "bdb", "select": select.select}
    exec("def prompt(fd):\n    select([fd], [], [], 0.5)", names)

    with Watchdog(scheduler, 0.1, deadman=None):
        run = _stuck_in(scheduler, lambda: names["prompt"](pipe))
    assert run.errors == []
    assert scheduler.blocked is None


def test_an_interrupt_while_its_thread_ends(scheduler, monkeypatch):
    """Ctrl-C that comes when the thread is gone, but before that is noted, does not make the end wait for the thread for ever."""

    def interrupted(_native):
        monkeypatch.undo()
        raise KeyboardInterrupt

    with Watchdog(scheduler, 0.1, deadman=None) as watchdog:
        monkeypatch.setattr("pytest_racecheck.runtime.threads.watchdog.await_end", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watchdog.pause()
    assert watchdog._watching is None


def test_no_thread_when_the_process_forks(scheduler, monkeypatch):
    """The thread is gone while a child is made, not there in the child, and back when a while has passed."""
    with Watchdog(scheduler, 0.1, deadman=None) as watchdog:
        assert watchdog._watching is not None
        monkeypatch.setattr("pytest_racecheck.runtime.threads.watchdog._LATER", 60)
        child = os.fork()
        if not child:
            os._exit(len(os.listdir("/proc/self/task")) - 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        if watchdog._alarm is not None:
            watchdog._ring(0, None)
            assert watchdog._watching is None
            watchdog._last_fork -= 61
            watchdog._ring(0, None)
        assert watchdog._watching is not None


def test_nothing_is_left(scheduler):
    """Afterwards there is no thread more, and the signal has its handler again."""
    threads, handler = _thread._count(), signal.getsignal(_SIGNAL)
    with Watchdog(scheduler, 0.1):
        pass
    assert _thread._count() == threads
    assert signal.getsignal(_SIGNAL) == handler
    assert control.watchdog is None


def _named(scheduler, path, monkeypatch):
    """What is written about a call that holds the interpreter for longer than it may."""
    numbers = range(20_000_000)

    def program():
        return sum(numbers)

    with open(path, "wb") as file:
        monkeypatch.setattr(control, "stderr", file.fileno())
        monkeypatch.setattr(control, "test", "test_a.py::test_b")
        with Watchdog(scheduler, 0.4, deadman=0.05):
            _stuck_in(scheduler, program)
    return path.read_text()


def test_what_no_signal_reaches_is_named(scheduler, tmp_path, monkeypatch):
    """A call that holds the interpreter from the start is named while it goes on, by faulthandler's own thread, and so is the test."""
    text = _named(scheduler, tmp_path / "stderr", monkeypatch)
    assert "in program" in text
    assert "in racecheck, watching test_a.py::test_b" in text


def test_a_timer_of_somebody_else_is_left_alone(scheduler, tmp_path, monkeypatch):
    """Where the user has set faulthandler's time limit, nothing is named in its place."""
    monkeypatch.setattr(control, "timer_is_free", False)
    assert _named(scheduler, tmp_path / "stderr", monkeypatch) == ""
