"""`pytest --racecheck` explores unmodified tests that start processes, whichever way they start."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="looks at POSIX processes")


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    """The project without a mode of its own."""
    project.makeini("[pytest]\n")
    return project


def token_of(result: pytest.RunResult) -> str:
    """That which the report prints."""
    found = re.search(r"--racecheck-replay=(rc1:[\w-]+)", result.stdout.str())
    assert found is not None
    return found[1]


COUNTING_DOWN = """
    import multiprocessing

    CONTEXT = multiprocessing.get_context({method!r})

    def take(counts):
        counts["count"] -= 1

    def test_count():
        with CONTEXT.Manager() as manager:
            counts = manager.dict(count=2)
            children = [CONTEXT.Process(target=take, args=(counts,)) for _ in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
            assert counts["count"] == 0
"""


# Fresh interpreters take long. `tests/quality/test_processes.py` has them, too.
THOROUGH = pytest.mark.thorough


@pytest.mark.parametrize(
    "method",
    [
        "fork",
        pytest.param("spawn", marks=THOROUGH),
        pytest.param("forkserver", marks=THOROUGH),
    ],
)
def test_a_manager_dict(project, explored, plain, monkeypatch, leftovers, method) -> None:
    """The race is found and shown with a column for each process; in another process, with other hashes, its token alone brings it about.

    The seed is fixed, so this does not fail by chance.
    """
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {method} here")
    project.makepyfile(COUNTING_DOWN.format(method=method))
    result = explored("--racecheck-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E   RaceFound: lost update on counts?'count'? (schedule * of 60; 1 preemption)",
        "E     main * take-1 * take-2*",
        "E*test_a_manager_dict.py:6*counts?'count'? → 2*",
        "E*test_a_manager_dict.py:6*counts?'count'? ← 1*",
        "E*overwrites take-*",
        "E   a race, because it passes under * schedules",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*not covered*")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    replayed = plain(f"--racecheck-replay={token_of(result)}")
    replayed.assert_outcomes(failed=1)
    replayed.stdout.fnmatch_lines(["E   RaceFound: lost update on counts?'count'? *"])
    assert leftovers() == []


def test_a_test_without_a_race_passes(project, explored, leftovers) -> None:
    """It says in how many runs, and that nothing was left out; a pool and a queue are no obstacle."""
    project.makepyfile("""
        import multiprocessing

        CONTEXT = multiprocessing.get_context("fork")

        def add(value, done):
            with value.get_lock():
                value.value += 1
            done.put(1)

        def square(number):
            return number * number

        def test_value():
            value, done = CONTEXT.Value("i", 0), CONTEXT.Queue()
            children = [CONTEXT.Process(target=add, args=(value, done)) for _ in range(2)]
            for child in children:
                child.start()
            assert done.get() + done.get() == 2
            for child in children:
                child.join()
            assert value.value == 2

        def test_pool():
            with CONTEXT.Pool(2) as pool:
                assert pool.map(square, range(3)) == [0, 1, 4]
    """)
    result = explored("-v", "--racecheck-strict", "--racecheck-schedules=10")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_value PASSED*10 runs*", "*::test_pool PASSED*10 runs*"])
    result.stdout.no_fnmatch_line("*not covered*")
    assert leftovers() == []


def test_twenty_processes_on_one_dict(project, explored, leftovers) -> None:
    """Of the twenty the report shows the few that play a part, and the others in a line."""
    project.makepyfile(
        COUNTING_DOWN.format(method="fork")
        .replace("count=2", "count=20")
        .replace("range(2)", "range(20)")
    )
    result = explored("--racecheck-seed=1", "--racecheck-schedules=20")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E   RaceFound: lost update on counts?'count'? (schedule * of 20; 1 preemption)",
        "E*overwrites take-*",
        "E*take-* and * more, one after the other: * steps *",
    ])  # fmt: skip
    assert leftovers() == []


def test_a_child_that_the_test_kills(project, explored, leftovers) -> None:
    """At whichever of its points it dies: the test that expects it passes, and what it held is named where somebody waits for that."""
    project.makepyfile("""
        import multiprocessing, os, signal

        CONTEXT = multiprocessing.get_context("fork")

        def add(value, lock):
            with lock:
                value.value += 1

        def start(*args):
            child = CONTEXT.Process(target=add, args=args)
            child.start()
            return child

        def test_expected():
            value, lock = CONTEXT.Value("i", 0), CONTEXT.Lock()
            child = start(value, lock)
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            assert child.exitcode in (0, -signal.SIGKILL)
            assert value.value in (0, 1)

        def test_with_a_lock():
            value, lock = CONTEXT.Value("i", 0), CONTEXT.Lock()
            child = start(value, lock)
            child.kill()
            child.join()
            with lock:
                pass
    """)
    result = explored("--racecheck-seed=1", "--racecheck-schedules=30")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "E   RaceFound: deadlock on lock *",
        "E*main waits to acquire lock *held by add-1*",
        "FAILED *::test_with_a_lock*",
    ])  # fmt: skip
    assert leftovers() == []


def test_ctrl_c_in_the_middle(project, leftovers) -> None:
    """The session ends at once, whatever processes it has, and nothing of them is left: no process, no memory, no file, no socket."""
    project.makepyfile("""
        import multiprocessing
        from multiprocessing.shared_memory import SharedMemory

        import pytest
        from counting import note

        CONTEXT = multiprocessing.get_context("fork")

        @pytest.fixture
        def block():
            block = SharedMemory(create=True, size=8)
            yield block
            block.close()
            block.unlink()

        def add(block, value, counts, queue):
            with value.get_lock():
                value.value += 1
                block.buf[0] += 1
            counts[value.value] = 1
            queue.put(1)

        def test_count(block):
            note("run")
            with CONTEXT.Manager() as manager:
                value, counts, queue = CONTEXT.Value("i", 0), manager.dict(), CONTEXT.Queue()
                children = [CONTEXT.Process(target=add, args=(block, value, counts, queue)) for _ in range(3)]
                for child in children:
                    child.start()
                assert sum(queue.get() for _ in children) == 3
                for child in children:
                    child.join()
    """)
    arguments = [
        "--racecheck",
        "--racecheck-schedules=1000000",
        "--racecheck-seconds=600",
        "-p",
        "no:randomly",
    ]
    notes = project.path / "notes.txt"
    for enough in (3, 8):
        notes.unlink(missing_ok=True)
        session = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert session.stdout is not None
        end = time.monotonic() + 60
        while not (notes.exists() and notes.read_text().count("run") >= enough):
            assert time.monotonic() < end
            assert session.poll() is None, session.stdout.read()
            time.sleep(0.02)
        os.killpg(session.pid, signal.SIGINT)
        text, _ = session.communicate(timeout=60)
        assert session.returncode == pytest.ExitCode.INTERRUPTED, text
        assert "KeyboardInterrupt" in text
        assert "RaceFound" not in text
        assert leftovers() == []


def test_what_a_managers_objects_change_is_not_the_next_tests(project, explored) -> None:
    """The manager lives in the process of the tests meanwhile; what its objects have changed there is put back."""
    project.makepyfile("""
        from multiprocessing import Lock, get_context
        from multiprocessing.managers import BaseManager

        CONTEXT = get_context("fork")

        class Stock:
            def __init__(self):
                self.number = 0

            def get(self):
                return self.number

            def set(self, number):
                self.number = number

        STOCK = Stock()

        class Server(BaseManager):
            pass

        Server.register("stock", callable=lambda: STOCK)

        def add(stock, lock):
            with lock:
                stock.set(stock.get() + 1)

        def test_stock():
            with Server(ctx=CONTEXT) as manager:
                stock, lock = manager.stock(), CONTEXT.Lock()
                children = [CONTEXT.Process(target=add, args=(stock, lock)) for _ in range(2)]
                for child in children:
                    child.start()
                for child in children:
                    child.join()
                assert stock.get() == 2

        def test_stock_again():
            assert STOCK.number == 0
    """)
    result = explored("--racecheck-schedules=5", "--racecheck-strict")
    result.assert_outcomes(passed=2)


def test_a_child_ended_while_it_sends(project, explored) -> None:
    """The lock of the queue's writers stays with it. What those leave who wait for it ends without a collection, in which 3.12.1 crashes."""
    project.makepyfile("""
        from multiprocessing import get_context

        CONTEXT = get_context("fork")

        def send(queue):
            queue.put(1)

        def test_send():
            queue = CONTEXT.SimpleQueue()
            sender = CONTEXT.Process(target=send, args=(queue,))
            sender.start()
            sender.terminate()
            sender.join()
            queue.put(2)
    """)
    result = explored("--racecheck-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   RaceFound: * on queue *"])
