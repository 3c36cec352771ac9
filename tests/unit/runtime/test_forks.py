"""What ends before the process forks."""

from __future__ import annotations

import os

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.forks import call_before_fork, forget


def _fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def test_it_is_ended_once() -> None:
    """The next fork ends it, the one after that does not know of it."""
    ended: list[int] = []
    call_before_fork(lambda: ended.append(1))
    _fork()
    _fork()
    assert ended == [1]


def test_what_is_forgotten_is_left_alone() -> None:
    """What has ended by itself is not ended, and may be forgotten twice."""
    ended: list[int] = []

    def end() -> None:
        ended.append(1)

    call_before_fork(end)
    forget(end)
    forget(end)
    _fork()
    assert ended == []
    assert control.before_fork == []
