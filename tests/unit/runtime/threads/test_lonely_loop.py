"""A task that goes round for ever when nobody else is left."""

from __future__ import annotations

import functools
import mmap
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.runtime.threads.run import Run
from pytest_racecheck.strategies.default import Default

STEPS = 500


class Flag:
    """Something to wait for, and something that moves."""

    def __init__(self) -> None:
        self.done = False
        self.rounds = 0

    def is_done(self) -> bool:
        """What it says itself."""
        return self.done

    @property
    def later(self) -> bool:
        """Done after many looks, which nobody sees who only reads an attribute."""
        self.rounds += 1
        return self.rounds > 4 * STEPS


def _alone(wait: Callable[[Flag], None]) -> Run:
    """A run in which the main task waits like this, and there is nobody else."""
    flag = Flag()
    scope = Scope(Path(__file__).parent, (), ())
    controlled = Controlled(
        lambda _run: wait(flag), Settings(max_steps=STEPS), scope, lambda _: "failure", None
    )
    with controlled.in_place():
        controlled.instrument(())
        for function in (wait, Flag.is_done, Flag.later.fget, _two_by_two):
            controlled.scheduler.entering(function)
        return controlled.run(Default(), Random(0), 1, watched=True)


def _by_attribute(flag: Flag) -> None:
    while not flag.done:
        pass


def _by_method(flag: Flag) -> None:
    while True:
        if flag.is_done():
            break


def _by_item(flag: Flag) -> None:
    items = [flag.done]
    while not items[0] and len(items) == 1:
        pass


@pytest.mark.parametrize("wait", [_by_attribute, _by_method, _by_item])
def test_who_asks_for_ever_what_nobody_changes(wait: Callable[[Flag], None]) -> None:
    """It is a livelock that names the line."""
    run = _alone(wait)
    assert run.result().outcome is Outcome.LIVELOCK
    assert "main goes round for ever at" in run.errors[0].summary
    assert run.errors[0].position is not None
    assert run.errors[0].position[0] == __file__


def _counting(flag: Flag) -> None:
    number = 0
    while not flag.done and number < 10 * STEPS:
        number += 1


def _writing(flag: Flag) -> None:
    while flag.rounds < 2 * STEPS:
        flag.rounds += 1


def _through_a_property(flag: Flag) -> None:
    while not flag.later:
        pass


def _by_iterator(flag: Flag) -> None:
    for _ in [None] * (3 * STEPS):
        if flag.done:
            break


def _two_by_two() -> Iterator[None]:
    for _ in range(2 * STEPS):
        yield None


def _by_generator(flag: Flag) -> None:
    steps = _two_by_two()
    while not flag.done and next(steps, 0) is None:
        pass


def _by_library(flag: Flag) -> None:
    tried: list[int] = []
    # What calls again and again is not the program's.
    functools.reduce(lambda _, __: flag.is_done(), range(3 * STEPS), tried)


def _by_shared_memory(flag: Flag) -> None:
    seen = mmap.mmap(-1, 1)
    while not flag.done and len(seen) and flag.rounds < 2 * STEPS:
        flag.rounds += seen[0] + 1


@pytest.mark.parametrize(
    "wait",
    [
        _by_library,
        _by_shared_memory,
        _counting,
        _writing,
        _through_a_property,
        _by_iterator,
        _by_generator,
    ],
)
def test_who_may_come_to_an_end(wait: Callable[[Flag], None]) -> None:
    """A variable, a write, or what cannot be seen from outside makes a difference: nobody is accused, and it does end."""
    assert _alone(wait).errors == []


def test_who_may_be_let_go_by_a_thread_that_is_no_task() -> None:
    """Whatever it looks like: the loop ends when that one sees fit."""
    flags: list[Flag] = []
    asked = threading.Event()

    def wait(flag: Flag) -> None:
        flags.append(flag)
        asked.set()
        while not flag.done:
            pass

    def let_go() -> None:
        asked.wait()
        while flags[0].rounds < 1:
            # It takes its time: the other one has gone round long before.
            flags[0].rounds += LATER.acquire(timeout=0.5) + 1
        flags[0].done = True

    stranger = threading.Thread(target=let_go, daemon=True)
    stranger.start()
    assert _alone(wait).errors == []
    stranger.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers here")
def test_who_may_be_let_go_by_a_signal() -> None:
    """A handler of the program's may do so at any time."""
    flags: list[Flag] = []

    def wait(flag: Flag) -> None:
        flags.append(flag)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        while not flag.done:
            pass

    def let_go(*_: object) -> None:
        flags[0].done = True

    before = signal.signal(signal.SIGALRM, let_go)
    try:
        assert _alone(wait).errors == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


LATER = threading.Lock()
LATER.acquire()
