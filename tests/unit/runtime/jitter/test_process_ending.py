"""How processes are made to end, and how they are asked before."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from types import SimpleNamespace

import pytest

from pytest_racecheck.runtime.jitter.asking import ACCOUNT_SIGNAL, answer, ask, listens
from pytest_racecheck.runtime.jitter.ending import descendants, end_all, exit_code, wait_for

FORK = multiprocessing.get_context("fork")


class Popen:
    """What multiprocessing keeps of a process that is gone, but whose exit code was never noted."""

    returncode = None

    def __init__(self, method: str) -> None:
        self.method = method
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        self.pid = child

    def poll(self) -> None:
        return None


def started(target, *args):
    """A process that has begun to wait, and a pipe to it."""
    ours, theirs = FORK.Pipe()

    def run() -> None:
        target(*args)
        theirs.send("ready")
        while True:
            signal.pause()

    process = FORK.Process(target=run)
    process.start()
    ours.recv()
    ours.close()
    theirs.close()
    return process


def test_a_process_that_was_reaped_unnoticed_counts_as_killed() -> None:
    """An interrupt between waitpid and its answer must not make a process immortal."""
    assert exit_code(SimpleNamespace(_closed=False, _popen=Popen("fork"))) == -signal.SIGKILL


def test_a_fork_server_has_the_last_word() -> None:
    """Under a fork server a process can be gone before its exit code is told, and that code is awaited."""
    assert exit_code(SimpleNamespace(_closed=False, _popen=Popen("forkserver"))) is None


def test_a_process_not_started_has_no_exit_code() -> None:
    """A process object alone is no process."""
    assert exit_code(SimpleNamespace(_closed=False, _popen=None)) is None


def test_waiting_ends_with_the_time() -> None:
    """What is still running when the time is up is returned."""
    process = started(lambda: None)
    assert wait_for([process], 0.01) == [process]
    end_all([process])
    assert wait_for([process], 60.0) == []
    assert process.exitcode == -signal.SIGTERM


def test_who_ignores_sigterm_is_killed() -> None:
    """Kindness comes first, and does not have the last word."""
    process = started(signal.signal, signal.SIGTERM, signal.SIG_IGN)
    end_all([process])
    assert process.exitcode == -signal.SIGKILL


def test_descendants_are_found() -> None:
    """The children of a process and theirs are known to the system."""
    process = started(lambda: None)
    assert process.pid in descendants(os.getpid())
    assert descendants(process.pid) == []
    end_all([process])


@pytest.mark.skipif(ACCOUNT_SIGNAL is None, reason="this system has no real-time signals")
def test_questions_are_answered(tmp_path) -> None:
    """A process that listens is asked until it has answered, in whatever call it waits."""
    path = tmp_path / "answer"
    process = started(answer, ACCOUNT_SIGNAL, lambda: path.write_text("here"))
    assert listens(process.pid, ACCOUNT_SIGNAL)
    assert ask(process.pid, ACCOUNT_SIGNAL, str(path), patience=60.0)
    assert path.exists()
    end_all([process])


@pytest.mark.skipif(ACCOUNT_SIGNAL is None, reason="this system has no real-time signals")
def test_who_does_not_listen_is_not_asked(tmp_path) -> None:
    """The question would kill a process that has no handler for it."""
    process = started(lambda: None)
    assert not listens(process.pid, ACCOUNT_SIGNAL)
    assert not ask(process.pid, ACCOUNT_SIGNAL, str(tmp_path / "answer"))
    assert process.is_alive()
    end_all([process])


@pytest.mark.skipif(ACCOUNT_SIGNAL is None, reason="this system has no real-time signals")
def test_who_does_not_answer_is_given_up(tmp_path) -> None:
    """No process is waited for for ever."""
    process = started(answer, ACCOUNT_SIGNAL, lambda: None)
    began = time.monotonic()
    assert not ask(process.pid, ACCOUNT_SIGNAL, str(tmp_path / "answer"), patience=0.01)
    assert time.monotonic() - began < 60
    end_all([process])
