"""A run in which nobody can go on."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from random import Random

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads import stuck
from pytest_racecheck.runtime.threads.controlled import Controlled
from pytest_racecheck.strategies.default import Default


def waiting(program, tmp_path: Path):
    """Who waits for what, as a recorded run of `program` tells it."""
    scope = Scope(tmp_path, (), (__file__,))
    controlled = Controlled(lambda _: program(), Settings(), scope, lambda _: "failure", None)
    with controlled.in_place():
        return controlled.run(Default(), Random(0), 1, recorded=True).waiting


def concurrently(target) -> None:
    """Run `target` in a thread, and wait for it."""
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()


def test_a_call_on_no_object_has_a_line_too(tmp_path) -> None:
    """`os.read` is called on nothing that has a name; where it stands is told all the same."""
    ends: list[int] = []

    def read() -> None:
        os.read(ends[0], 1)

    def program() -> None:
        # Made here and not before: a child that another test has left could share an older one, and then this is no deadlock.
        ends.extend(os.pipe())
        concurrently(read)

    _, one = waiting(program, tmp_path)
    assert (one.task, one.operation) == ("read-1", "read")
    assert (one.position.file, one.position.line) == (__file__, read.__code__.co_firstlineno + 1)
    for end in ends:
        os.close(end)


def test_a_thread_without_code_of_the_program(tmp_path) -> None:
    """A thread whose target is a lock's own `acquire` waits for that lock, and not for itself."""

    def program() -> None:
        gate = threading.Lock()
        gate.acquire()
        concurrently(gate.acquire)

    main, one = waiting(program, tmp_path)
    assert (main.operation, main.resource) == ("join", "thread")
    assert (one.task, one.operation, one.resource) == ("acquire-1", "acquire", "gate")
    assert one.position is None


def test_to_find_words_is_no_operation(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What names take, such as the lock of an import, is the real thing meanwhile."""
    lock = threading.Lock()
    taken: list[object] = []
    name_of = stuck.name_of

    def naming(*args):
        with lock:
            taken.append(control.scheduler)
        return name_of(*args)

    monkeypatch.setattr(stuck, "name_of", naming)

    def program() -> None:
        gate = threading.Lock()
        gate.acquire()
        concurrently(gate.acquire)

    assert len(waiting(program, tmp_path)) == 2
    assert not any(getattr(scheduler, "active", False) for scheduler in taken)
