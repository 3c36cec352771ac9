"""Finalisers, in a run and when it is over."""

from __future__ import annotations

import sys
import threading

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads.finalisers import unheard
from pytest_racecheck.runtime.threads.task import Aborted


class Ends:
    """Raises when it is dropped."""

    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


class Going:
    """A scheduler whose run goes on, or is being unwound."""

    def __init__(self, aborting=False):
        self.aborting = aborting


@pytest.mark.parametrize(
    ("scheduler", "error", "said"),
    [
        (Going(), ValueError(), 1),
        (Going(), Aborted(), 0),
        (Going(aborting=True), AttributeError(), 0),
        (IDLE, AttributeError(), 0),
        (IDLE, KeyboardInterrupt(), 1),
        (Going(aborting=True), KeyboardInterrupt(), 1),
    ],
)
def test_only_what_the_program_does_is_heard(monkeypatch, scheduler, error, said):
    """What ends a run is not reported when a finaliser lets it through, nor what is half made because its run has ended."""
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    monkeypatch.setattr(control, "scheduler", scheduler)
    with unheard():
        Ends(error)
    assert len(heard) == said
    assert sys.unraisablehook == heard.append


@pytest.mark.parametrize("seed", [8, 12, 16])
def test_what_is_told_of_a_run_keeps_nothing_alive(seed: int) -> None:
    """Finalisers run where the last reference goes, also while it is written down what all things are called."""

    class Pool:
        live = 0

    class Lent:
        def __init__(self, pool: Pool) -> None:
            self.pool = pool
            pool.live += 1

        def __del__(self) -> None:
            self.pool.live -= 1

    def borrow(pool: Pool) -> None:
        lent = Lent(pool)
        del lent

    report = explore(borrow, setup=Pool, check=lambda pool: pool.live == 0, seed=seed)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.resource == "Pool.live"


def test_what_is_counted_under_a_lock_is_counted_right() -> None:
    """The same with a lock, which a finaliser may take as well."""

    class Pool:
        def __init__(self) -> None:
            self.live = 0
            self.lock = threading.Lock()

    class Lent:
        def __init__(self, pool: Pool) -> None:
            self.pool = pool
            with pool.lock:
                pool.live += 1

        def __del__(self) -> None:
            with self.pool.lock:
                self.pool.live -= 1

    def borrow(pool: Pool) -> None:
        lent = Lent(pool)
        del lent

    report = explore(borrow, setup=Pool, check=lambda pool: pool.live == 0, seed=0, schedules=200)
    assert report.verdict is Verdict.NOT_FOUND
