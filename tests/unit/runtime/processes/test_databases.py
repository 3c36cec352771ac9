"""SQLite databases that processes share."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.verdict import Verdict


def impatient(path: Path) -> None:
    """Does not wait for whoever has it."""
    with closing(sqlite3.connect(path, timeout=0)) as base, base:
        base.execute("update t set n = n - 1")


def patient(path: Path) -> None:
    """Says only later that it waits."""
    with closing(sqlite3.connect(path, timeout=0)) as base, base:
        base.execute("pragma busy_timeout = 5000")
        base.execute("update t set n = n - 1")


@pytest.mark.parametrize("target", [impatient, patient])
def test_who_does_not_wait_finds_it_locked(target, tmp_path) -> None:
    """Between another process's update and its commit; and who waits does not."""

    def setup() -> Path:
        path = tmp_path / "base"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as base, base:
            base.executescript("create table t (n); insert into t values (2)")
        return path

    report = explore(
        target, setup=setup, workers=2, schedules=40, seconds=60, backend="process", start_method="fork", seed=1
    )  # fmt: skip
    racy = target is impatient
    assert report.verdict is (Verdict.RACE_FOUND if racy else Verdict.NOT_FOUND), str(report)
    assert not racy or "database is locked" in str(report)
