"""Processes that are over while the system takes them down."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.runtime.processes.departures import Departures
from pytest_racecheck.runtime.processes.handle import Handle


@pytest.fixture
def forked() -> Any:
    """A process that exits at once."""
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    return process


def test_who_has_told_its_code_is_not_waited_for(forked: Any) -> None:
    """To multiprocessing it is over, with the code it told; the system is asked later."""
    departures = Departures()
    member: Any = SimpleNamespace(told_code=259, handle=Handle(forked.pid))
    departures.let_go(forked, member)
    assert member.handle is None
    assert forked.exitcode == 3
    assert forked not in multiprocessing.active_children()
    os.kill(forked.pid, 0)
    departures.reap()
    with pytest.raises(ProcessLookupError):
        os.kill(forked.pid, 0)
    departures.reap()


def test_who_has_told_nothing_is(forked: Any) -> None:
    """Such as one that was killed."""
    departures = Departures()
    departures.let_go(forked, SimpleNamespace(told_code=None, handle=None))  # type: ignore[arg-type]
    with pytest.raises(ProcessLookupError):
        os.kill(forked.pid, 0)
    assert forked.exitcode == 0


def _exit_badly(_: int) -> None:
    raise SystemExit(258)


def test_a_campaign_leaves_none_of_them() -> None:
    """What told a bad exit code has failed, and nothing is left to be waited for."""
    report = explore(
        _exit_badly,
        setup=lambda: 1,
        workers=2,
        backend="process",
        start_method="fork",
        schedules=5,
        seed=1,
    )
    assert report.failure is not None
    assert "exited with code 258" in str(report)
    with contextlib.suppress(ChildProcessError):
        assert os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
