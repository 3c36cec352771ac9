"""Which names there are in a folder is what a listing reads, and what making and removing files changes."""

from __future__ import annotations

import glob
import os
import tempfile
from functools import partial
from pathlib import Path

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict
from pytest_racecheck.runtime.processes.folders import beside, names_in, opening
from pytest_racecheck.runtime.processes.paths import key_of


def touched(name: str, path: str, source: str | None = None) -> list[tuple[object, bool]]:
    return [(one.key, one.writes) for one in beside(name, path, source)]


def test_what_calls_touch_beside_their_file() -> None:
    """The folders that names come into and go from, and the file that is moved away."""
    assert touched("unlink", "/in/a") == [(names_in("/in"), True)]
    assert touched("rmdir", "/in/a") == [(names_in("/in"), True), (names_in("/in/a"), False)]
    assert touched("rename", "/out/b", "/in/a") == [
        (names_in("/out"), True), (key_of("/in/a"), True), (names_in("/in"), True),
    ]  # fmt: skip
    assert touched("rename", "/in/b", "/in/a") == [(names_in("/in"), True), (key_of("/in/a"), True)]
    assert touched("symlink", "/out/b", "/in/a") == [(names_in("/out"), True)]
    assert touched("listdir", "/in") == [(key_of("/in"), False)]
    assert touched("stat", "/in/a") == touched("truncate", "/in/a") == []


def test_to_open_a_file_may_make_it(tmp_path) -> None:
    """Only where it is not there."""
    (tmp_path / "there").touch()
    assert opening(str(tmp_path / "there"), makes=True) == ()
    assert opening(str(tmp_path / "new"), makes=False) == ()
    (one,) = opening(str(tmp_path / "new"), makes=True)
    assert (one.key, one.name) == (names_in(str(tmp_path)), repr(tmp_path.name))


def by_listdir(folder: Path) -> None:
    for name in os.listdir(folder):
        os.rename(folder / name, folder.parent / name)


def by_iterdir(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def by_glob(folder: Path) -> None:
    for path in glob.glob(f"{folder}/*"):
        os.remove(path)


def by_scandir(folder: Path) -> None:
    for entry in os.scandir(path=folder):
        os.unlink(entry.path)


def by_walk(folder: Path) -> None:
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name)) as file:
                file.read()
            os.remove(os.path.join(path, name))


def by_count(folder: Path) -> None:
    number = len(os.listdir(folder))
    with open(folder / str(number), "x"):
        pass


def take_what_is_there(folder: Path) -> None:
    for name in os.listdir(folder):
        (folder / name).unlink(missing_ok=True)


def put_another(folder: Path) -> None:
    (folder / f"{os.getpid()}").touch()


def full(folder: Path, _shared: object) -> Path:
    made = Path(tempfile.mkdtemp(dir=folder)) / "in"
    made.mkdir()
    for name in "ab":
        (made / name).touch()
    return made


WAYS = [by_listdir, by_iterdir, by_glob, by_scandir, by_walk, by_count]


@pytest.mark.parametrize("way", one_of_each_kind(WAYS, [by_listdir, by_walk]))
def test_two_who_go_through_one_folder(race, way, tmp_path) -> None:
    """What the one has on its list the other one has taken: the report names the folder, and shows who listed it. The seed is fixed."""
    report = race(way, setup=partial(full, tmp_path), schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("check then act", "'in'")
    assert f"test_folders.py:{way.__code__.co_firstlineno + 1}" in str(report)


def test_who_expects_files_to_be_gone(race, tmp_path) -> None:
    """It is safe, also beside somebody who puts others there."""
    targets = [take_what_is_there, take_what_is_there, put_another]
    report = race(targets, setup=partial(full, tmp_path), schedules=12)
    assert report.verdict is Verdict.NOT_FOUND, str(report)
