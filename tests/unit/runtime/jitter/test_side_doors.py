"""Bare threads, and work for a pool from before the run, as tasks."""

from __future__ import annotations

import _thread
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.late_binding import bind_late


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A pool whose two threads are there already."""
    with ThreadPoolExecutor(2) as pool:
        both = threading.Barrier(2)
        for future in [pool.submit(both.wait) for _ in range(2)]:
            future.result()
        yield pool


def task_name() -> str | None:
    """Which task the calling thread is."""
    return None if current.task is None else current.task.name


def test_a_bare_thread_is_a_task(runs) -> None:
    """`_thread.start_new_thread` gives a task, with its arguments and an identifier."""
    seen: queue.Queue[object] = queue.Queue()

    def work(first: int, *, second: int) -> None:
        seen.put((task_name(), first, second, threading.get_ident()))

    def program() -> None:
        ident = _thread.start_new_thread(work, (1,), {"second": 2})
        assert seen.get() == ("work-1", 1, 2, ident)

    assert runs.observe(program).names == ["main", "work-1"]


def test_what_a_bare_thread_raises_fails_the_run(runs) -> None:
    """An exception that only the interpreter would see is recorded."""
    world = runs.observe(lambda: _thread.start_new_thread(int, ("x",)), keys=frozenset())
    assert [error.task for error in world.errors] == ["int-1"]


def test_a_malformed_bare_start_complains_as_ever(runs) -> None:
    """Arguments that `_thread` refuses are refused by it."""

    def program() -> None:
        with pytest.raises(TypeError, match="tuple"):
            _thread.start_new_thread(int, [])  # type: ignore[arg-type]

    assert not runs.observe(program).concurrent


def test_work_for_a_pool_from_before_is_a_task(runs, pool) -> None:
    """Each piece of work is a task of its own, in the order of handing over, and the threads are nobody's afterwards."""

    def work(name: str) -> str | None:
        return name + str(task_name())

    def program() -> None:
        futures = [pool.submit(work, name) for name in "ab"]
        assert [future.result() for future in futures] == ["awork-1", "bwork-2"]

    world = runs.observe(program)
    assert world.names == ["main", "work-1", "work-2"]
    assert pool.submit(task_name).result() is None


def test_the_work_is_recorded(runs, pool) -> None:
    """The recorder sees the code that lent threads enter, on 3.11 too."""

    def work() -> None:
        entered()

    world = runs.observe(lambda: pool.submit(work).result())
    assert world.recorder is not None
    assert "entered" in {key[2] for key in world.recorder.keys}


def entered() -> None:
    """Code that only the work enters."""


def test_a_pool_of_the_runs_own_has_tasks_for_threads(runs) -> None:
    """There the threads are the tasks, and work is not named besides."""

    def program() -> None:
        with ThreadPoolExecutor(1) as own:
            assert own.submit(task_name).result() == own.submit(task_name).result() == "worker-1"

    assert runs.observe(program).names == ["main", "worker-1"]


def test_foreign_threads_hand_over_nothing(runs, pool) -> None:
    """Work from a thread that is no task of the run is not one either."""
    go, name = threading.Event(), []

    def other() -> None:
        go.wait()
        name.append(pool.submit(task_name).result())

    thread = threading.Thread(target=other)
    thread.start()

    def program() -> None:
        go.set()
        thread.join()

    assert not runs.observe(program).concurrent
    assert name == [None]


def test_control_runs_take_the_work_apart(runs, pool) -> None:
    """In a control run each piece of work ends before the next is handed over; what does not is told."""
    release = threading.Event()

    def program() -> None:
        assert pool.submit(task_name).done()
        pool.submit(release.wait)
        release.set()

    assert runs.observe(program, serial=0.5).overlapped


def test_work_that_outlives_its_run_is_named(runs, pool) -> None:
    """What is still going on is left behind by name, and goes on unharmed."""
    release = threading.Event()
    futures = []
    world = runs.observe(lambda: futures.append(pool.submit(release.wait)))
    assert world.leaked == ["work wait-1"]
    release.set()
    assert futures[0].result() is True


def test_what_was_imported_by_name_is_bound_late(runs) -> None:
    """A module that imported the bare start by name starts tasks, too."""
    module = ModuleType("of_old")
    module.start = _thread.start_new_thread  # type: ignore[attr-defined]
    bind_late(module)
    done: queue.Queue[str | None] = queue.Queue()

    def program() -> None:
        module.start(lambda: done.put(task_name()), ())
        assert done.get() == "lambda-1"

    runs.observe(program)
    assert module.start(int, ())
