"""Which code was entered, on all threads, and nothing else disturbed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.instrument.scope import Scope

SOURCE = """
def outer():
    def inner():
        return 1
    return inner()

def other():
    yield 1

def never():
    pass
"""


def entered(recorder: Recorder) -> set[str]:
    """The qualified names of what was entered."""
    return {name for _, _, name in recorder.keys}


def test_entered_code_is_recorded_by_file_line_and_name(tmp_path: Path, load) -> None:
    """A key is what the same code has in every process."""
    module = load(SOURCE)
    with Recorder(Scope(tmp_path)) as recorder:
        module.outer()
    assert recorder.complete
    assert recorder.keys == {
        (module.__file__, 2, "outer"),
        (module.__file__, 3, "outer.<locals>.inner"),
    }


def test_other_threads_and_generators_are_recorded(tmp_path: Path, load) -> None:
    """What a thread started meanwhile enters counts too."""
    module = load(SOURCE)
    with Recorder(Scope(tmp_path)) as recorder:
        thread = threading.Thread(target=lambda: list(module.other()))
        thread.start()
        thread.join()
    assert entered(recorder) == {"other"}


def test_code_out_of_scope_is_not_recorded(tmp_path: Path, load) -> None:
    """Only what may be rewritten is of interest."""
    module = load(SOURCE)
    with Recorder(Scope(tmp_path / "elsewhere")) as recorder:
        module.outer()
    assert recorder.keys == set()


def test_a_second_recorder_sees_what_the_first_saw(tmp_path: Path, load) -> None:
    """That an event was switched off for the first one does not blind the second."""
    module = load(SOURCE)
    for _ in range(2):
        with Recorder(Scope(tmp_path)) as recorder:
            module.outer()
        assert entered(recorder) == {"outer", "outer.<locals>.inner"}


def test_nothing_is_recorded_afterwards(tmp_path: Path, load) -> None:
    """A recorder that is off stays off."""
    module = load(SOURCE)
    with Recorder(Scope(tmp_path)) as recorder:
        pass
    module.outer()
    assert recorder.keys == set()


def test_a_profile_function_goes_on_being_called(tmp_path: Path, load) -> None:
    """A profiler written in Python notices nothing and is there afterwards."""
    module = load(SOURCE)
    seen: list[str] = []

    def profile(frame, event, arg) -> None:
        seen.append(f"{event} {frame.f_code.co_name}")

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        with Recorder(Scope(tmp_path)) as recorder:
            module.outer()
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(previous)
    assert "call outer" in seen
    assert "outer" in entered(recorder)


@pytest.fixture
def no_free_tool() -> Iterator[None]:
    """Take every monitoring tool id that is free."""
    taken = [tool for tool in range(6) if sys.monitoring.get_tool(tool) is None]
    for tool in taken:
        sys.monitoring.use_tool_id(tool, "taken")
    yield
    for tool in taken:
        sys.monitoring.free_tool_id(tool)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.usefixtures("no_free_tool")
def test_without_a_free_tool_it_says_so(tmp_path: Path, load) -> None:
    """What could not be watched is not passed off as complete."""
    module = load(SOURCE)
    with Recorder(Scope(tmp_path)) as recorder:
        module.outer()
    assert not recorder.complete
    assert recorder.keys == set()
