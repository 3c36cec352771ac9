"""Exceptions and hangs in words."""

from __future__ import annotations

import os
import threading
import time
from traceback import FrameSummary, extract_tb

from pytest_racecheck.model.errors import CheckFailed
from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime.jitter import errors
from pytest_racecheck.runtime.jitter.errors import error_of, hang_at

OURS = os.path.join(os.path.dirname(errors.__file__), "payload.py")


def stack(*places: tuple[str, str]) -> list[FrameSummary]:
    """Frames by file and function, outermost first; their line numbers count them."""
    return [
        FrameSummary(file, number, name, lookup_line=False, line="")
        for number, (file, name) in enumerate(places, 1)
    ]


def in_project(file: str) -> bool:
    """Whether a frame is the program's own."""
    return file.startswith("/project/")


def test_a_hang_is_shown_by_the_tasks_own_frames() -> None:
    """After a fork the frames of whoever forked come first, then ours; neither is the task's."""
    frames = stack(
        ("/project/test_it.py", "test_it"), (OURS, "__call__"), ("/project/work.py", "work"),
        ("/project/lock.py", "take"), (OURS, "perform"), ("/lib/synchronize.py", "__enter__"),
    )  # fmt: skip
    error = hang_at("work-1", 5.0, frames, in_project)
    assert error.summary == "work-1 did not end within 5 s, at /project/lock.py:4 in take"
    assert error.position == ("/project/lock.py", 4)
    names = [line.rpartition(" ")[2] for line in error.details.splitlines() if "File" in line]
    assert names == ["work", "take"]


def test_a_hang_outside_of_the_program_is_shown_whole() -> None:
    """Where no frame is the program's own, the innermost one has to do."""
    error = hang_at(
        "work-1", 5.0, stack(("/lib/a.py", "outer"), ("/lib/b.py", "inner")), in_project
    )
    assert error.position == ("/lib/b.py", 2)
    assert "outer" in error.details
    assert hang_at("work-1", 5.0, [], in_project).position is None


def test_what_called_a_task_is_no_part_of_its_exception() -> None:
    """A thread's traceback begins with its target; an error of the call itself keeps the call."""
    caught: list[BaseException] = []

    class Caught(threading.Thread):
        def run(self) -> None:
            try:
                super().run()
            except Exception as error:
                error.__traceback__ = error.__traceback__.tb_next
                caught.append(error)

    def fail() -> None:
        raise ValueError

    for arguments in ((), (1,)):
        thread = Caught(target=fail, args=arguments)
        thread.start()
        thread.join()
    shown = [
        [entry.name for entry in extract_tb(error_of("fail-1", error).exception.__traceback__)]
        for error in caught
    ]
    assert shown == [["fail"], ["run"]]


def test_frames_of_stand_ins_are_left_out() -> None:
    """What stands in for a function of the library appears in no traceback, nor in those of the causes."""
    names: dict[str, object] = {}
    source = "def stand_in(call):\n    return call()\n"
    exec(compile(source, OURS, "exec"), names)

    def fail() -> None:
        raise ValueError

    def call() -> None:
        try:
            names["stand_in"](fail)
        except ValueError as error:
            raise KeyError from error

    try:
        names["stand_in"](call)
    except KeyError as error:
        told = error_of("t", error)
    assert "in stand_in" not in told.details
    assert told.details.count("in fail") == 1


def test_a_check_that_says_no_has_no_frames() -> None:
    """Its exception was raised by this project on the check's behalf: there is nothing to see."""
    from pytest_racecheck.runtime.jitter.targets import TargetsProgram

    try:
        TargetsProgram("name", None, (), None, lambda: False)._check(())
    except CheckFailed as error:
        error.__traceback__ = error.__traceback__.tb_next
        assert error_of("main", error).exception.__traceback__ is None


def test_threads_that_hang_are_shown_with_the_main_task(runs) -> None:
    """When the main task is found hanging, each thread that is still there says where it stands, and by what name."""
    held = threading.Lock()
    held.acquire()
    line = stuck_at(held).__code__.co_firstlineno + 1
    started = threading.Event()

    def program() -> None:
        thread = threading.Thread(target=stuck_at(held, started), name="reader")
        thread.start()
        started.wait()
        world.record(TaskError("main", Outcome.POTENTIAL_DEADLOCK, "main did not end"))

    world = runs.world()
    with world:
        program()
    main, reader = world.errors
    assert reader.task == "stuck-1"
    assert reader.kind is Outcome.POTENTIAL_DEADLOCK
    assert reader.position[0] == __file__
    assert reader.position[1] >= line
    assert world.result().titles == {"stuck-1": "reader"}


def stuck_at(lock: threading.Lock, started: threading.Event | None = None):
    """A target that waits for a lock as long as the run does."""

    def stuck() -> None:
        started.set()
        while not lock.acquire(timeout=0.01):
            time.monotonic()

    return stuck


def test_only_names_that_the_program_chose_are_titles(runs) -> None:
    """What Python makes up is left out: it counts through the whole session."""

    def nothing() -> None:
        pass

    def program() -> None:
        for thread in (
            threading.Thread(target=nothing),
            threading.Thread(target=nothing, name="chosen"),
            threading.Timer(0.0, nothing),
        ):
            thread.start()
            thread.join()

    assert runs.observe(program).result().titles == {"nothing-2": "chosen"}
