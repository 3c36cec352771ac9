"""Positions and names as the reader knows them."""

from __future__ import annotations

import threading

import pytest

from pytest_racecheck.report.places import Names, Places

FILES = ("/project/app/core.py", "/project/web/core.py", "/project/app/main.py")


@pytest.fixture
def places() -> Places:
    """Of a report on a project in /project."""
    return Places(FILES, "/project")


def test_long_is_from_the_root(places) -> None:
    """Paths begin at the project's root, or where modules are found; others are as they are."""
    assert places.long("/project/app/core.py", 7) == "app/core.py:7"
    assert places.long(threading.__file__, 7) == "threading.py:7"
    assert places.long("/nowhere/x.py", 7) == "/nowhere/x.py:7"


def test_short_tells_files_apart(places) -> None:
    """Only a name that two files of the report share has a folder before it."""
    assert places.short("/project/app/main.py", 7) == "main.py:7"
    assert places.short("/project/app/core.py", 7) == "app/core.py:7"
    assert places.short("/project/web/core.py", 7) == "web/core.py:7"


def test_text_is_cut(places) -> None:
    """In a sentence, and in a traceback also outside of the project."""
    assert places.cut("at /project/app/core.py:7 in f") == "at app/core.py:7 in f"
    assert places.cut(f'File "{threading.__file__}", line 9') == 'File "threading.py", line 9'


def test_a_root_that_is_everything_cuts_nothing() -> None:
    """Slashes in text are no paths."""
    assert Places((), "/").cut("1 / 2 at /x.py:3") == "1 / 2 at /x.py:3"


def test_names_are_whole_words() -> None:
    """Only a task's name is replaced, not what merely contains it."""
    names = Names({"add-1": "reader", "add-1/add-2": "inner"})
    assert names.named("add-1, add-10, my-add-1, add-1/add-2, add-1/add-3") == (
        "reader, add-10, my-add-1, inner, add-1/add-3"
    )
    assert Names({}).named("add-1") == "add-1"


def test_two_tasks_of_one_name_are_told_apart() -> None:
    """Where the program gave a name twice, the tool's own is added."""
    names = Names({"add-1": "worker", "add-2": "worker"})
    assert names.named("add-1 and add-2") == "worker (add-1) and worker (add-2)"
