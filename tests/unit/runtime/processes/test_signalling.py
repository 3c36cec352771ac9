"""Signals that processes of a program send to each other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time

from pytest_racecheck import Verdict

FORK = multiprocessing.get_context("fork")


def count(value) -> None:
    value.value = 1
    value.value = 2


def start(target, *args):
    process = FORK.Process(target=target, args=args)
    process.start()
    return process


def test_how_far_a_process_gets_until_it_is_killed(body) -> None:
    """That is decided by the schedule, and the same each time; that it is killed is no failure of its own. The seed is fixed."""

    def program() -> None:
        value = FORK.Value("i", 0)
        process = start(count, value)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert value.value != 1

    report = body(program, schedules=40)
    report.assert_racy()
    assert len(report.outcomes) == 2
    assert "passed" in report.outcomes


def wait_for_a_signal(ready, caught) -> None:
    def handle(*_: object) -> None:
        caught.value = 1
        sys.exit(7)

    signal.signal(signal.SIGUSR1, handle)
    ready.set()
    time.sleep(3_600)


def send(pid: int) -> None:
    os.kill(pid, signal.SIGUSR1)


def test_a_sibling_may_send_it(body) -> None:
    """Its handler is called as soon as it is sent; nobody takes the exit code for a failure, and signal 0 is only a question."""

    def program() -> None:
        ready, caught = FORK.Event(), FORK.Value("i", 0)
        process = start(wait_for_a_signal, ready, caught)
        ready.wait()
        os.kill(process.pid, 0)
        start(send, process.pid).join()
        process.join()
        assert caught.value == 1

    report = body(program, schedules=6)
    assert report.verdict is Verdict.NOT_FOUND, str(report)
