"""The folder that processes of a program have for their sockets."""

from __future__ import annotations

import multiprocessing
import tempfile
from pathlib import Path

import pytest

from pytest_racecheck import explore
from pytest_racecheck.runtime.processes.temporary import SharedFolder

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """Temporary files lie where only this test has any, and this process has no folder from before."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setitem(multiprocessing.current_process()._config, "tempdir", None)
    return tmp_path


def add(value) -> None:
    value.value += 1


def folders(place: Path) -> list[str]:
    return [path.name for path in place.iterdir() if path.name.startswith("pymp-")]


def test_it_is_made_for_the_first_process_and_removed_with_all_that_is_in_it(here) -> None:
    """Both processes get the same."""
    folder = SharedFolder()
    assert folders(here) == []
    made = [FORK.Process(), FORK.Process()]
    for process in made:
        folder.lodge(process)
    (name,) = folders(here)
    assert {process._config["tempdir"] for process in made} == {str(here / name)}
    (here / name / "listener").touch()
    folder.remove()
    assert folders(here) == []


def test_one_that_a_process_has_is_kept(here) -> None:
    """Whoever made it sees to it."""
    process, folder = FORK.Process(), SharedFolder()
    process._config["tempdir"] = "theirs"
    folder.lodge(process)
    assert process._config["tempdir"] == "theirs"
    assert folders(here) == []


@pytest.mark.parametrize(("backend", "most"), [("thread", 0), ("process", 1)])
def test_a_campaign_has_at_most_one(here, backend, most) -> None:
    """Threads need none; after the campaign none is there."""
    seen: list[int] = []

    def setup(shared) -> object:
        seen.append(len(folders(here)))
        return shared.value("i", 0)

    # A fork server has one of its own, which is the library's.
    method = None if backend == "thread" else "fork"
    explore(add, backend=backend, setup=setup, seed=1, schedules=4, start_method=method)
    assert max(seen) == most
    assert folders(here) == []
