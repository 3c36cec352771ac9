"""What threads do with files."""

from __future__ import annotations

import glob
import io
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_racecheck import Verdict, explore
from pytest_racecheck.model.trace import FILES
from pytest_racecheck.runtime.threads.calls import Calls

LOOK, CHANGE, NOTHING = (sys, FILES, False), (sys, FILES, True), None
HERE = Path("here")


@pytest.mark.parametrize(
    ("callee", "arguments", "expected"),
    [
        (os.path.exists, ("here",), LOOK),
        (os.listdir, (), LOOK),
        (os.path.getsize, ("here",), LOOK),
        (glob.glob, ("*",), LOOK),
        (HERE.exists, (), LOOK),
        (HERE.read_text, (), LOOK),
        (open, ("here",), LOOK),
        (io.open, ("here", "rb"), LOOK),
        (HERE.open, (), LOOK),
        (os.open, ("here", os.O_RDWR), LOOK),
        (open, ("here", "w"), CHANGE),
        (open, ("here", "utf8"), CHANGE),
        (open, (), CHANGE),
        (HERE.open, ("a",), CHANGE),
        (os.open, ("here", os.O_WRONLY | os.O_CREAT), CHANGE),
        (os.makedirs, ("here",), CHANGE),
        (os.replace, ("here", "there"), CHANGE),
        (shutil.rmtree, ("here",), CHANGE),
        (HERE.write_text, ("text",), CHANGE),
        (HERE.unlink, (), CHANGE),
        (os.path.join, ("here", "there"), NOTHING),
        (os.getpid, (), NOTHING),
        (HERE.with_suffix, (".txt",), NOTHING),
        (HERE.joinpath, ("there",), NOTHING),
    ],
)
def test_what_a_call_touches(callee: Any, arguments: tuple[object, ...], expected: object) -> None:
    """It looks at files, may change them, or has nothing to do with them; what cannot be told may change them."""
    assert Calls(lambda _file: False).touched(callee, arguments) == expected


def read_then_write(path: Path) -> None:
    path.write_text(str(int(path.read_text()) + 1))


def exists_then_open(path: Path) -> None:
    name = f"{path}.pid"
    if not os.path.exists(name):  # noqa: PTH110
        with open(name, "w") as file:  # noqa: PTH123
            file.write("x")
        with open(path, "a") as file:  # noqa: PTH123
            file.write("x")


def select_then_update(path: Path) -> None:
    connection = sqlite3.connect(f"{path}.db", isolation_level=None)
    (number,) = connection.execute("select n from t").fetchone()
    connection.execute("update t set n = ?", (number + 1,))
    connection.close()


def table(path: Path) -> Path:
    Path(f"{path}.db").unlink(missing_ok=True)
    connection = sqlite3.connect(f"{path}.db", isolation_level=None)
    connection.execute("create table t (n int)")
    connection.execute("insert into t values (0)")
    connection.close()
    return path


def is_two(path: Path) -> bool:
    connection = sqlite3.connect(f"{path}.db")
    (number,) = connection.execute("select n from t").fetchone()
    connection.close()
    return bool(number == 2)


@pytest.mark.parametrize(
    ("target", "check", "expected"),
    [
        (read_then_write, lambda path: path.read_text() == "2", ("lost update", "'file'")),
        (exists_then_open, lambda path: path.read_text() == "0x", ("check then act", "'file.pid'")),
        (select_then_update, is_two, ("lost update", "databases")),
    ],
)
def test_their_races(target: Any, check: Any, expected: tuple[str, str], tmp_path: Path) -> None:
    """They are found with a fixed seed, and called what they are."""

    def fresh() -> Path:
        path = tmp_path / "file"
        path.write_text("0")
        Path(f"{path}.pid").unlink(missing_ok=True)
        return table(path)

    report = explore([target] * 2, setup=fresh, check=check, schedules=100, seed=1)
    failure = report.failure
    assert failure is not None, str(report)
    assert (failure.kind, failure.resource) == expected


def test_who_only_looks_does_not_race(tmp_path: Path) -> None:
    """Nor does what computes with names."""

    def look(path: Path) -> None:
        assert os.path.exists(os.path.join(path, "."))  # noqa: PTH110, PTH118
        assert path.is_dir()

    report = explore([look] * 2, setup=lambda: tmp_path, schedules=20, seed=1)
    assert (report.verdict, report.classes) == (Verdict.NOT_FOUND, 1)
