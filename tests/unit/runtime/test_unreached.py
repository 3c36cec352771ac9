"""Calls that no signal reaches."""

from __future__ import annotations

import os

import pytest

from pytest_racecheck.runtime import unreached
from pytest_racecheck.runtime.context import control


@pytest.fixture
def written(tmp_path, monkeypatch):
    """What was written to the real standard error so far."""
    path = tmp_path / "stderr"
    with open(path, "wb") as file:
        monkeypatch.setattr(control, "stderr", file.fileno())
        yield path.read_text
        unreached.cancel()


def test_it_is_named_while_it_goes_on(written) -> None:
    """A sum that holds the interpreter is in what is written before it ends."""
    numbers = range(20_000_000)
    unreached.name_in(0.05)
    sum(numbers)
    assert "in test_it_is_named_while_it_goes_on" in written()


def test_a_call_that_ends_in_time_is_not(written) -> None:
    """What is cancelled says nothing, and leaves nothing for the next fork."""
    numbers = range(40_000_000)
    unreached.name_in(0.3)
    unreached.cancel()
    sum(numbers)
    assert written() == ""
    assert control.before_fork == []


def test_somebody_elses_timer_is_left_alone(written, monkeypatch) -> None:
    """Where faulthandler's timer is taken, ours is not set, and theirs is not cancelled."""
    monkeypatch.setattr(control, "timer_is_free", False)
    unreached.name_in(0.01)
    sum(range(10_000_000))
    assert written() == ""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are not listed here")
def test_it_is_gone_when_the_process_forks(written) -> None:
    """The timer is a thread to the system, and newer versions of Python warn of a fork with several."""
    before = len(os.listdir("/proc/self/task"))
    unreached.name_in(60)
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    assert control.before_fork == []
    assert len(os.listdir("/proc/self/task")) <= before


def test_a_thread_tells_its_test() -> None:
    """A method under another name does the same."""

    class Counter:
        number = 0

        def count(self) -> None:
            self.number += 1

    counter = Counter()
    renamed = unreached.watching("test_a.py::test_b", counter.count)
    renamed()
    assert counter.number == 1
    assert renamed.__func__.__code__.co_name == "racecheck, watching test_a.py::test_b"
