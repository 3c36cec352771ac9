"""Processes that a program starts, whoever does it for the program."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

import pytest
from together import concurrently

from pytest_racecheck import Verdict

FORK = multiprocessing.get_context("fork")
_state: dict[str, object] = {}


def add(value) -> None:
    value.value += 1


def add_safely(value) -> None:
    with value.get_lock():
        value.value += 1


class Adder(FORK.Process):
    """Overrides `run`."""

    def __init__(self, value) -> None:
        super().__init__()
        self.value = value

    def run(self) -> None:
        add(self.value)


def add_in_children(value) -> None:
    concurrently((add, value), (add, value))


def add_in_threads(value) -> None:
    threads = [threading.Thread(target=add, args=(value,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def subclasses(value) -> None:
    processes = [Adder(value), Adder(value)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


@pytest.mark.parametrize(
    "start",
    [
        subclasses,
        lambda value: concurrently((add_in_children, value)),
        lambda value: concurrently((add_in_threads, value)),
    ],
    ids=["subclass", "grandchildren", "threads in a child"],
)
def test_whoever_increments_can_lose_an_update(body, start) -> None:
    """Subclasses of Process, children of children, threads of children: all are tasks. The seed is fixed."""

    def program() -> None:
        value = FORK.Value("i", 0)
        start(value)
        assert value.value == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert report.failure.kind == "lost update"


def test_the_main_process_is_a_task_too(body) -> None:
    """What it does between `start` and `join` meets what the child does."""

    def program() -> None:
        value = FORK.Value("i", 0)
        process = FORK.Process(target=add, args=(value,))
        process.start()
        add(value)
        process.join()
        assert value.value == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert report.failure.kind == "lost update"
    assert report.result.tasks == ("main", "add-1")


def square(number: int) -> int:
    return number * number


def remember(value) -> None:
    _state["value"] = value


def count(_number: int) -> None:
    add_safely(_state["value"])


def fail(number: int) -> None:
    raise ValueError(f"no {number}")


def test_pools(body) -> None:
    """`map`, `imap_unordered`, `apply_async` with a callback, initializers, exceptions: all as without control."""

    def program() -> None:
        value, called = FORK.Value("i", 0), []
        with FORK.Pool(2, remember, (value,)) as pool:
            assert pool.map(square, range(4)) == [0, 1, 4, 9]
            assert sorted(pool.imap_unordered(square, range(3))) == [0, 1, 4]
            results = [pool.apply_async(square, (n,), callback=called.append) for n in range(2)]
            assert [result.get() for result in results] == [0, 1]
            pool.map(count, range(3))
            with pytest.raises(ValueError, match="no 7"):
                pool.apply(fail, (7,))
            pool.close()
            pool.join()
        assert sorted(called) == [0, 1]
        assert value.value == 3

    report = body(program, schedules=4)
    assert report.verdict is Verdict.NOT_FOUND
    assert report.not_covered == ()


def test_a_pool_that_renews_its_workers(body) -> None:
    """A worker that has done its one task is followed by another."""

    def program() -> None:
        with FORK.Pool(1, maxtasksperchild=1) as pool:
            assert pool.map(square, range(3), chunksize=1) == [0, 1, 4]

    assert body(program, schedules=2).failures == 0


def count_unlocked(_number: int) -> None:
    for _ in range(5):
        add(_state["value"])


def test_workers_of_a_pool_can_lose_an_update(body) -> None:
    """What they call is none that a hook has seen coming. The seed is fixed."""

    def program() -> None:
        value = FORK.Value("i", 0)
        with ProcessPoolExecutor(2, FORK, remember, (value,)) as executor:
            list(executor.map(count_unlocked, range(2)))
        assert value.value == 10

    report = body(program, schedules=60)
    report.assert_racy()
    assert report.failure.kind == "lost update"


def leave(code: int) -> None:
    os._exit(code)


def squares(numbers: int) -> list[int]:
    with ProcessPoolExecutor(1, FORK) as executor:
        return list(executor.map(square, range(numbers)))


def test_executors(body) -> None:
    """Results, exceptions, `as_completed`, executors in workers, and workers that are gone."""

    def program() -> None:
        with ProcessPoolExecutor(2, FORK) as executor:
            futures = [executor.submit(square, number) for number in range(3)]
            assert sorted(future.result() for future in as_completed(futures)) == [0, 1, 4]
            with pytest.raises(ValueError, match="no 1"):
                executor.submit(fail, 1).result()
        with ProcessPoolExecutor(1, FORK) as executor:
            assert executor.submit(squares, 3).result() == [0, 1, 4]
        with ProcessPoolExecutor(1, FORK) as executor:
            with pytest.raises(BrokenProcessPool):
                executor.submit(leave, 3).result()

    assert body(program, schedules=2).failures == 0


def test_executors_of_both_kinds_together(body) -> None:
    """Threads of the main process each wait for what a worker computes."""

    def program() -> None:
        with ProcessPoolExecutor(2, FORK) as processes, ThreadPoolExecutor(2) as threads:
            found = threads.map(lambda n: processes.submit(square, n).result(), range(3))
            assert list(found) == [0, 1, 4]

    assert body(program, schedules=3).failures == 0


def wait_for_signal(ready, caught) -> None:
    def handle(*_: object) -> None:
        caught.value = 1
        sys.exit(7)

    signal.signal(signal.SIGTERM, handle)
    ready.set()
    time.sleep(3_600)


def test_processes_that_are_ended(body) -> None:
    """`terminate` runs the child's handler, `kill` does not; the exit codes say so, and neither is a failure."""

    def program() -> None:
        for end, code in ((FORK.Process.terminate, 7), (FORK.Process.kill, -signal.SIGKILL)):
            ready, caught = FORK.Event(), FORK.Value("i", 0)
            process = FORK.Process(target=wait_for_signal, args=(ready, caught))
            process.start()
            ready.wait()
            assert process.is_alive()
            end(process)
            process.join()
            assert (process.exitcode, caught.value) == (code, code == 7)
            assert not process.is_alive()
            process.close()

    assert body(program, schedules=3).failures == 0


def beat(value) -> None:
    while True:
        value.value += 1
        time.sleep(0.5)


def test_a_daemon(body) -> None:
    """It lives as long as the program, in virtual time, and then it is gone."""

    def program() -> None:
        value = FORK.Value("i", 0)
        process = FORK.Process(target=beat, args=(value,), daemon=True)
        process.start()
        process.join(2)
        assert process.is_alive()
        assert value.value >= 4

    assert body(program, schedules=3).failures == 0


def ask(value, answers) -> None:
    answers.put((os.getpid() != os.getppid(), FORK.current_process().name, value.value))


def test_what_a_process_is_told(body) -> None:
    """Names, parents and children are those that it would have."""

    def program() -> None:
        value, answers = FORK.Value("i", 5), FORK.SimpleQueue()
        process = FORK.Process(target=ask, args=(value, answers), name="asker")
        assert not process.is_alive()
        assert process.exitcode is None
        process.start()
        assert process in multiprocessing.active_children()
        assert answers.get() == (True, "asker", 5)
        process.join()
        assert process.exitcode == 0
        assert process not in multiprocessing.active_children()
        with pytest.raises(AssertionError, match="start a process twice"):
            process.start()

    assert body(program, schedules=3).failures == 0


def run_program(answers) -> None:
    answers.put(subprocess.run([sys.executable, "-Sc", "print(42)"], stdout=-1).stdout)


def run_loop(answers) -> None:
    async def sleep() -> int:
        await asyncio.sleep(60)
        return 42

    answers.put(asyncio.run(sleep()))


def test_what_children_wait_for_outside(body) -> None:
    """A program that a child runs is waited for in real time, an asyncio loop sleeps in virtual time."""

    def program() -> None:
        answers = FORK.SimpleQueue()
        concurrently((run_program, answers), (len, ""))
        assert answers.get() == b"42\n"
        concurrently((run_loop, answers), (len, ""))
        assert answers.get() == 42

    assert body(program, schedules=2).failures == 0


def test_a_fork_by_hand(body) -> None:
    """Such a process is not controlled, and the report says so."""

    def program() -> None:
        value = FORK.Value("i", 0)
        child = os.fork()
        if not child:
            os._exit(3)
        concurrently((add_safely, value), (add_safely, value))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3

    report = body(program, schedules=3)
    assert report.failures == 0
    assert report.not_covered == ("a process that was forked by os.fork",)


class Plain:
    """Of one process alone."""

    def __init__(self) -> None:
        self.value = 0


def count_in_threads(total) -> None:
    counter = Plain()
    add_in_threads(counter)
    total.value = counter.value


def test_threads_of_a_child_race_for_what_it_has_for_itself(race) -> None:
    """The report says on what, with what was read, though the process that makes it never sees the object."""
    report = race(
        [count_in_threads],
        setup=lambda s: s.value("i", 0),
        check=lambda total: total.value == 2,
        schedules=60,
    )
    failure = report.failure
    assert failure is not None
    assert (failure.kind, failure.resource) == ("lost update", "value.value")
    assert "value → 0" in str(report)
