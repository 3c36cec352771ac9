"""How processes end, and what of it fails the run."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict, explore
from pytest_racecheck.runtime.threads import forking

FORK = multiprocessing.get_context("fork")


def add(value) -> None:
    value.value += 1


def add_and_raise(value) -> None:
    add(value)
    raise LookupError("what it raised")


def add_and_exit(value) -> None:
    add(value)
    sys.exit(3)


def add_and_die(value) -> None:
    add(value)
    os.kill(os.getpid(), signal.SIGKILL)


def add_and_crash(value) -> None:
    add(value)
    faulthandler.disable()
    ctypes.string_at(0)


def add_and_vanish(value) -> None:
    add(value)
    os._exit(0)


def add_and_leave(value) -> None:
    add(value)
    sys.exit(0)


BAD = {
    add_and_raise: "LookupError: what it raised",
    add_and_exit: "exited with code 3",
    add_and_die: "died with exit code -9 (SIGKILL)",
    add_and_crash: "died with exit code -11 (SIGSEGV)",
}


@pytest.mark.parametrize(
    "target",
    one_of_each_kind(BAD, {add_and_raise, add_and_die}),
    ids=lambda target: target.__name__,
)
def test_a_bad_end_is_a_failure(race, target) -> None:
    """Under every schedule it is the same one, and says whose it is; but no race."""
    report = race([target, add], setup=lambda s: s.value("i", 0), schedules=3)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert (report.runs, report.failures) == (3, 3)
    (outcome,) = report.outcomes
    assert BAD[target] in outcome
    assert target.__name__ in str(report)


@pytest.mark.parametrize("target", [add_and_vanish, add_and_leave], ids=lambda t: t.__name__)
def test_a_good_end_is_none(race, target) -> None:
    """Exit code 0 is one, whichever way it came about."""
    report = race([target, add], setup=lambda s: s.value("i", 0), schedules=3)
    assert report.failures == 0


def start(target, *args):
    process = FORK.Process(target=target, args=args)
    process.start()
    return process


def test_who_looks_at_exit_codes_has_seen(body) -> None:
    """A program that expects a child to end badly is content with it."""

    def program() -> None:
        value = FORK.Value("i", 0)
        children = {
            start(target, value): code for target, code in ((add_and_exit, 3), (add_and_die, -9))
        }
        for child, code in children.items():
            child.join()
            assert child.exitcode == code

    assert body(program, schedules=4).failures == 0


def take_and_die(lock) -> None:
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)


def take(lock) -> None:
    with lock:
        pass


def test_dying_with_a_lock(race) -> None:
    """Nobody gets it any more; the report names who held it, since where, and how that one ended; all runs end alike."""
    report = race([take_and_die, take], setup=lambda s: s.lock(), schedules=6)
    text = " ".join(str(report).split())
    line = take_and_die.__code__.co_firstlineno + 1
    assert report.failure.kind == "deadlock"
    assert f"held by take_and_die-1 since test_ends.py:{line}" in text
    assert "take_and_die-1 died with exit code -9 (SIGKILL) while it held" in text
    assert len(report.outcomes) == 2


def raise_in_thread(value) -> None:
    def fail() -> None:
        add(value)
        raise LookupError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def test_what_threads_of_children_raise(race) -> None:
    """It is the run's failure, as it is in the main process."""
    report = race([raise_in_thread, add], setup=lambda s: s.value("i", 0), schedules=2)
    assert set(report.outcomes) == {"LookupError: in a thread"}


def spin(_value) -> None:
    while True:
        pass


def test_computing_for_ever(race, monkeypatch) -> None:
    """A process that asks for nothing for long is a livelock, told with the line it was at; nobody waits for it again."""
    monkeypatch.setattr("pytest_racecheck.runtime.processes.hub.ENDLESS", 1.0)
    report = race([spin, add], setup=lambda s: s.value("i", 0), schedules=10)
    assert (report.failure.kind, report.runs) == ("livelock", 1)
    line = spin.__code__.co_firstlineno
    text = str(report)
    assert any(f"test_ends.py:{line + n}" in text for n in (1, 2))


class Lost:
    """Raises when it is thrown away, where that can only be printed."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_that_gets_lost_before_a_fork(monkeypatch, tmp_path) -> None:
    """It ends the campaign in the process that forks, and nothing in the one that is forked."""
    parent, climbed, children = os.getpid(), tmp_path / "climbed", []
    monkeypatch.setattr(forking, "_real", os.fork, raising=False)

    def fork() -> int:
        Lost()
        child = forking._real()
        children.append(child)
        return child

    monkeypatch.setattr(forking, "_fork", fork)
    try:
        with pytest.raises(KeyboardInterrupt):
            explore(
                add,
                backend="process",
                setup=lambda s: s.value("i", 0),
                schedules=2,
                start_method="fork",
                mode="explore",
            )
    finally:
        if os.getpid() != parent:
            climbed.touch()
            os._exit(3)
    for child in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    assert children
    assert not climbed.exists()


@pytest.mark.parametrize("mode", ["explore", "jitter"])
def test_an_interrupt_before_a_child_has_come_to_its_own_code(monkeypatch, mode) -> None:
    """It ends the child there, and does not go up the stack of which that is a copy: whoever comes out of the campaign is one process."""
    parent = os.getpid()
    # There it stays the real one while others are given another.
    monkeypatch.setattr(forking, "_real", os.fork, raising=False)

    def fork() -> int:
        child = forking._real()
        if not child:
            os.kill(os.getpid(), signal.SIGINT)
        return child

    monkeypatch.setattr(
        os if mode == "jitter" else forking, "fork" if mode == "jitter" else "_fork", fork
    )
    try:
        report = explore(
            add,
            backend="process",
            setup=lambda s: s.value("i", 0),
            schedules=2,
            start_method="fork",
            mode=mode,
        )
    finally:
        if os.getpid() != parent:
            # Nothing of the session may run twice.
            os._exit(3)
    if mode == "explore":
        assert {error.summary for error in report.failure.result.errors} == {
            "add-1 exited with code 1", "add-2 exited with code 1",
        }  # fmt: skip
    else:
        # Launched tasks ignore it: whoever stops the campaign ends them.
        assert report.failures == 0
