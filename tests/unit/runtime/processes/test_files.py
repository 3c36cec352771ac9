"""Files that processes share: every system call on one is an operation."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict, replay


def increment(path: Path) -> None:
    with path.open() as file:
        number = int(file.read())
    with path.open("w") as file:
        file.write(str(number + 1))


def increment_locked(path: Path) -> None:
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        increment(path)


def increment_in_place(path: Path) -> None:
    with path.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        number = int(file.read())
        file.seek(0)
        file.write(str(number + 1))
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_UN)


def make_folder(path: Path) -> None:
    if not path.with_name("folder").exists():
        os.makedirs(path.with_name("folder"))


def make_folder_safely(path: Path) -> None:
    os.makedirs(path.with_name("folder"), exist_ok=True)


def claim(path: Path) -> None:
    """A pid file that is looked for, and then written."""
    mine = path.with_name("pid")
    if not mine.exists():
        mine.write_text(str(os.getpid()))
        with path.open("a") as file:
            file.write("x")


def claim_safely(path: Path) -> None:
    try:
        with path.with_name("pid").open("x"):
            pass
    except FileExistsError:
        return
    with path.open("a") as file:
        file.write("x")


def write_json(path: Path) -> None:
    path.with_name("state").write_text(json.dumps({"numbers": [1, 2]}))


def read_json(path: Path) -> None:
    state = path.with_name("state")
    if state.exists():
        assert json.loads(state.read_text())["numbers"] == [1, 2]


def write_json_safely(path: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump({"numbers": [1, 2]}, file)
    os.replace(file.name, path.with_name("state"))


def append(path: Path) -> None:
    """Somebody replaces the file that was just opened: what is written goes to the old one."""
    with path.open("a") as file:
        file.write("x")


def rotate(path: Path) -> None:
    fresh = path.with_name("fresh")
    fresh.write_text(path.read_text())
    os.rename(fresh, path)


def append_locked(path: Path) -> None:
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        append(path)


def rotate_locked(path: Path) -> None:
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rotate(path)


def pay(path: Path) -> None:
    """A balance that is read, and then written, without a transaction around both."""
    with closing(sqlite3.connect(path.with_name("base"))) as base:
        (balance,) = base.execute("select balance from account").fetchone()
        with base:
            base.execute("update account set balance = ?", (balance + 1,))


def pay_safely(path: Path) -> None:
    with closing(sqlite3.connect(path.with_name("base"), isolation_level=None)) as base:
        base.execute("begin immediate")
        (balance,) = base.execute("select balance from account").fetchone()
        base.execute("update account set balance = ?", (balance + 1,))
        base.execute("commit")


def open_account(path: Path) -> Path:
    with closing(sqlite3.connect(path.with_name("base"))) as base, base:
        base.execute("create table account (balance)")
        base.execute("insert into account values (0)")
    return path


def balance_of(path: Path) -> bool:
    with closing(sqlite3.connect(path.with_name("base"))) as base:
        return bool(base.execute("select balance from account").fetchone() == (2,))


def holds(text: str, path: Path) -> bool:
    return path.read_text() == text


def start(folder: Path, text: str, _shared: object) -> Path:
    """A folder of its own for every run."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "file"
    path.write_text(text)
    return path


def increment_by_place(path: Path) -> None:
    """By calls that say where in the file."""
    fd = os.open(path, os.O_RDWR)
    number = int(os.pread(fd, 1, 0))
    os.pwrite(fd, b"%d" % (number + 1), 0)
    os.close(fd)


def increment_in_pieces(path: Path) -> None:
    """By calls that take several buffers."""
    fd, piece = os.open(path, os.O_RDWR), bytearray(1)
    os.preadv(fd, [piece], 0)
    os.pwritev(fd, [b"%d" % (int(piece) + 1)], 0)
    os.close(fd)


def by_place_locked(path: Path) -> None:
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        increment_by_place(path)


def note_once(path: Path) -> None:
    if "user.mine" not in os.listxattr(path):
        os.setxattr(path, "user.mine", b"1", os.XATTR_CREATE)


def remove_full(path: Path) -> None:
    for entry in os.scandir(path.parent):
        if entry.stat().st_size:
            os.unlink(entry.path)


def count_in_common(file) -> None:
    """In a file that was opened before the fork, so that its place is everybody's."""
    file.seek(0)
    number = int(file.read(1))
    file.seek(0)
    file.write(b"%d" % (number + 1))
    file.flush()


def count_in_turn(file, lock) -> None:
    with lock:
        count_in_common(file)


# Name: text at the start, racy targets, safe ones, check.
CASES = {
    "read, change, write": ("0", [increment] * 2, [increment_locked] * 2, partial(holds, "2")),
    "lockf": ("0", None, [increment_in_place] * 2, partial(holds, "2")),
    "exists, makedirs": ("", [make_folder] * 2, [make_folder_safely] * 2, None),
    "pid file": ("", [claim] * 2, [claim_safely] * 2, partial(holds, "x")),
    "torn json": ("", [write_json, read_json], [write_json_safely, read_json], None),
    "rename": ("", [append, rotate], [append_locked, rotate_locked], partial(holds, "x")),
    "by place": ("0", [increment_by_place] * 2, [by_place_locked] * 2, partial(holds, "2")),
    "in pieces": ("0", [increment_in_pieces] * 2, [by_place_locked] * 2, partial(holds, "2")),
    "an entry": ("x", [remove_full] * 2, [make_folder_safely] * 2, None),
    "sqlite": ("", [pay] * 2, [pay_safely] * 2, balance_of),
}


def words_of(name: str, folder: Path) -> dict[str, object]:
    text, _, _, check = CASES[name]
    make = partial(start, folder, text)
    return {
        "setup": (lambda s: open_account(make(s))) if name == "sqlite" else make,
        "check": check,
    }


QUICK = {"read, change, write", "exists, makedirs", "sqlite"}
# What they are called; of two increments the one may find the file as the other has emptied it.
KINDS = {
    "read, change, write": {"lost update", "torn read"},
    "exists, makedirs": {"check then act"},
    "pid file": {"check then act"},
    "by place": {"lost update"},
    "in pieces": {"lost update"},
    "an entry": {"check then act", "order violation"},
    "sqlite": {"lost update"},
}


@pytest.mark.parametrize(
    "name", one_of_each_kind([name for name in CASES if CASES[name][1]], QUICK)
)
def test_a_race(race, name, tmp_path) -> None:
    """It is found within a few schedules, and its token brings it about again. The seed is fixed."""
    words, targets = words_of(name, tmp_path), CASES[name][1]
    report = race(targets, schedules=40, **words)
    report.assert_racy()
    assert name not in KINDS or report.failure.kind in KINDS[name]
    assert "test_files.py:" in str(report)
    # What the program itself says comes last.
    said = str(report).partition(f" {type(report.failure.exception).__name__}: ")[0]
    assert str(tmp_path) not in said
    again = replay(report.failure.token, targets, backend="process", start_method="fork", **words)
    assert again.failure is not None, str(again)
    assert type(again.failure.exception) is type(report.failure.exception)


@pytest.mark.parametrize("name", one_of_each_kind(CASES, QUICK))
def test_the_safe_twin_is_not_reported(race, name, tmp_path) -> None:
    """Whatever makes it safe: a lock on a file, an exclusive or an atomic call, a transaction."""
    report = race(CASES[name][2], schedules=12, **words_of(name, tmp_path))
    assert report.verdict is Verdict.NOT_FOUND, str(report)
    assert (report.runs, report.failures) == (12, 0)


@pytest.mark.parametrize("buffering", one_of_each_kind([0, -1], {-1}))
def test_a_file_that_was_opened_before_the_fork(race, buffering, tmp_path) -> None:
    """What processes do with it is seen, to go to another place in it included; under a lock it is safe."""

    def opened(shared):
        path = start(tmp_path, "0", shared)
        return path.open("r+b", buffering)

    def counted(file, *_lock) -> bool:
        file.close()
        return holds("2", Path(file.name))

    report = race(count_in_common, setup=opened, check=counted, schedules=40)
    report.assert_racy()
    safe = race(count_in_turn, setup=lambda s: (opened(s), s.lock()), check=counted, schedules=12)
    assert safe.verdict is Verdict.NOT_FOUND, str(safe)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="files have no attributes here")
def test_attributes_of_files(race, tmp_path) -> None:
    """To list them is to look, so who looks and then adds one has looked before the other one adds it."""
    path = start(tmp_path, "", None)
    try:
        os.setxattr(path, "user.tried", b"1")
    except OSError:
        pytest.skip("nor on this file system")
    report = race(note_once, setup=partial(start, tmp_path, ""), schedules=40)
    assert report.failure is not None
    assert report.failure.kind == "check then act"
