"""Processes that the program starts itself, unmodified, as tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.managers import BaseManager
from pathlib import Path

import pytest

from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.accounts import RemoteTraceback

METHODS = ["fork", "spawn", "forkserver"]
FORK = multiprocessing.get_context("fork")


def increment(counter) -> None:
    counter.value += 1


def square(number: int) -> int:
    return number * number


def complain() -> None:
    raise LookupError("no such thing")


def wait_forever(pipe) -> None:
    pipe.recv()


def task_name(queue) -> None:
    queue.put(current.task.name if current.task else None)


class Adder(FORK.Process):
    """A process in the form of a subclass."""

    def __init__(self, counter) -> None:
        super().__init__()
        self.counter = counter

    def run(self) -> None:
        self.counter.value += 1


class Tally:
    """What a user's own manager keeps in its server."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1


class TallyManager(BaseManager):
    """A user's own manager."""


TallyManager.register("Tally", Tally)


def start_and_join(*processes) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join()


@pytest.mark.parametrize("method", METHODS)
def test_processes_become_tasks(runs, method) -> None:
    """Two processes of any start method are tasks, named after their target, whose code is recorded and counted."""
    context = multiprocessing.get_context(method)

    def program() -> None:
        counter = context.Value("q", 0)
        start_and_join(*(context.Process(target=increment, args=[counter]) for _ in range(2)))

    first = runs.observe(program)
    names = {key[2] for key in first.recorder.keys}
    assert first.names == ["main", "increment-1", "increment-2"]
    assert "increment" in names
    assert first.result().passed
    with runs.instrumented(frozenset(first.recorder.keys)):
        second = runs.observe(program, run=2, keys=frozenset(first.recorder.keys))
    assert second.weights["increment-1"] == second.weights["increment-2"] > 0
    assert not second.leaked
    assert second.result().passed


@pytest.mark.parametrize("method", METHODS)
def test_the_child_knows_its_task(runs, method) -> None:
    """Inside the child the current task is the one that the parent named."""
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    runs.observe(lambda: start_and_join(context.Process(target=task_name, args=[queue])))
    assert queue.get() == "task_name-1"
    queue.close()
    queue.join_thread()


def test_delays_of_children_are_in_the_trace(runs) -> None:
    """What children were held up by is part of the run's trace."""

    def program() -> None:
        counter = FORK.Value("q", 0)
        start_and_join(*(FORK.Process(target=increment, args=[counter]) for _ in range(2)))

    keys = frozenset(runs.observe(program).recorder.keys)
    with runs.instrumented(keys):
        worlds = [runs.observe(program, run=run, keys=keys) for run in range(2, 12)]
    held = {step.task for world in worlds for step in world.result().trace}
    assert held >= {"increment-1", "increment-2"}


def test_subclasses_are_tasks(runs) -> None:
    """A subclass that overrides run is a task named after its class."""
    counter = FORK.Value("q", 0)
    world = runs.observe(lambda: start_and_join(Adder(counter)))
    assert world.names == ["main", "Adder-1"]
    assert counter.value == 1


@pytest.mark.parametrize("method", METHODS)
def test_pool_workers_are_tasks(runs, method) -> None:
    """A pool works as ever; its workers are tasks, and ending them is no failure."""

    def program() -> None:
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(20)) == [n * n for n in range(20)]

    world = runs.observe(program)
    assert {"worker-1", "worker-2"} <= set(world.names)
    assert "square" in {key[2] for key in world.recorder.keys}
    assert world.result().errors == ()
    assert not [name for name in world.leaked if name.startswith("process")]


@pytest.mark.parametrize("method", METHODS)
def test_executor_workers_are_tasks(runs, method) -> None:
    """A ProcessPoolExecutor works as ever, and its workers are tasks."""

    def program() -> None:
        with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as executor:
            assert list(executor.map(square, range(4))) == [0, 1, 4, 9]

    world = runs.observe(program)
    assert [name for name in world.names if "worker" in name]
    assert world.result().errors == ()
    assert not world.leaked


def test_a_manager_alone_is_no_task(runs) -> None:
    """A manager's server works for the tasks and is none itself."""

    def program() -> None:
        with FORK.Manager() as manager:
            numbers = manager.list([1])
            numbers.append(2)
            assert list(numbers) == [1, 2]

    world = runs.observe(program)
    assert not world.concurrent
    assert world.result().passed


def test_code_of_the_project_in_a_server_is_recorded(runs) -> None:
    """Where a user's own manager runs code in scope, that code is recorded, and the server counts as a task."""

    def program() -> None:
        with TallyManager(ctx=FORK) as manager:
            manager.Tally().add()

    first = runs.observe(program)
    keys = frozenset(first.recorder.keys)
    assert "Tally.add" in {key[2] for key in keys}
    with runs.instrumented(keys):
        second = runs.observe(program, run=2, keys=keys)
    assert any(name.startswith("server-1") and weight for name, weight in second.weights.items())


def test_children_of_children_are_tasks(runs) -> None:
    """What a child starts is a task too, under the child's name."""

    def parent() -> None:
        start_and_join(FORK.Process(target=square, args=[2]))
        thread = threading.Thread(target=square, args=[2])
        thread.start()
        thread.join()

    world = runs.observe(lambda: start_and_join(FORK.Process(target=parent)))
    assert world.names == ["main", "parent-1", "parent-1/square-1", "parent-1/square-2"]


def test_an_exception_in_a_child_fails_the_run(runs, capfd) -> None:
    """An uncaught exception arrives as itself, with its traceback from there; the child's exit code stays 1."""
    process = FORK.Process(target=complain)
    world = runs.observe(lambda: start_and_join(process))
    (error,) = world.result().errors
    assert (error.task, error.kind) == ("complain-1", Outcome.FAILED)
    assert error.summary == "LookupError: no such thing"
    assert isinstance(error.exception, LookupError)
    assert isinstance(error.exception.__cause__, RemoteTraceback)
    assert "in complain" in error.details
    assert error.position[0] == __file__
    assert process.exitcode == 1
    assert "LookupError" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("end", "summary"),
    [
        (lambda: sys.exit(3), "crash-1 exited with code 3"),
        (lambda: os._exit(4), "crash-1 exited with code 4"),
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "crash-1 died with exit code -9 (SIGKILL)",
        ),
    ],
)
def test_a_bad_end_is_a_crash(runs, end, summary) -> None:
    """A child that dies or exits with a code that nobody looks at is a crash, with its code."""

    def crash() -> None:
        end()

    world = runs.observe(lambda: start_and_join(FORK.Process(target=crash)))
    assert [(error.kind, error.summary) for error in world.errors] == [(Outcome.CRASHED, summary)]


def test_closing_a_process_hides_nothing(runs) -> None:
    """A process that the program closed, unseen, is judged all the same, and one that ended well is none the worse."""

    def program() -> None:
        for target in (square, os._exit):
            process = FORK.Process(target=target, args=[2])
            start_and_join(process)
            process.close()

    assert [error.summary for error in runs.observe(program).errors] == [
        "exit-1 exited with code 2"
    ]


def test_an_exit_code_looked_at_is_the_programs_business(runs) -> None:
    """A program that reads a child's exit code and goes on has not failed."""

    def program() -> None:
        process = FORK.Process(target=complain)
        start_and_join(process)
        assert process.exitcode == 1

    assert runs.observe(program).result().passed


@pytest.mark.parametrize("way", ["terminate", "kill"])
def test_ending_a_child_on_purpose_is_no_crash(runs, way) -> None:
    """The program may terminate or kill its own children."""

    def program() -> None:
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=wait_forever, args=[theirs])
        process.start()
        getattr(process, way)()
        process.join()
        ours.close()
        theirs.close()

    world = runs.observe(program)
    assert world.result().passed
    assert not world.leaked


def test_sigterm_kills_as_ever(runs) -> None:
    """A child without a handler of its own still dies of SIGTERM, with the usual exit code."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=wait_forever, args=[theirs])

    def program() -> None:
        process.start()
        process.terminate()
        process.join()

    runs.observe(program)
    assert process.exitcode == -signal.SIGTERM
    ours.close()
    theirs.close()


def test_a_control_run_starts_one_after_another(runs) -> None:
    """In a control run each process ends before the next begins, where it can."""
    log = runs.directory + "/../log"

    def note(number: int) -> None:
        for _ in range(2):
            with open(log, "a", encoding="ascii") as file:
                file.write(str(number))

    def program() -> None:
        start_and_join(*(FORK.Process(target=note, args=[n]) for n in range(3)))

    world = runs.observe(program, serial=5.0)
    assert Path(log).read_text(encoding="ascii") == "001122"
    assert not world.overlapped


def test_a_control_run_says_when_tasks_overlap(runs) -> None:
    """Processes that wait for each other cannot be run one after another, and the world says so."""

    def program() -> None:
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=wait_forever, args=[theirs])
        process.start()
        ours.send("go on")
        process.join()
        ours.close()
        theirs.close()

    assert runs.observe(program, serial=0.05).overlapped


def test_processes_of_no_task_are_left_alone(runs) -> None:
    """A process that is started outside the run's tasks stays what it was."""
    queue = FORK.Queue()

    def program() -> None:
        task, current.task = current.task, None
        start_and_join(FORK.Process(target=task_name, args=[queue]))
        current.task = task

    world = runs.observe(program)
    assert queue.get() is None
    assert not world.concurrent
    queue.close()
    queue.join_thread()
