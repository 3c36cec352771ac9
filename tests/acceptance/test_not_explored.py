"""A test that is concurrent and cannot be explored keeps its own outcome, and is named."""

from __future__ import annotations

import pytest

# Tests without concurrency between what is controlled, and the reason that must be told of each.
CASES = {
    "a coroutine test": (
        """
        import asyncio, pytest

        class TestIt(__import__("unittest").IsolatedAsyncioTestCase):
            async def test_it(self):
                await asyncio.to_thread(int)
        """,
        "it starts threads or processes, but is a coroutine test, which another plugin runs",
    ),
    "another program": (
        """
        import subprocess

        def test_it():
            subprocess.Popen(["/bin/sleep", "0"]).wait()
        """,
        "program sleep, started with subprocess, is not controlled",
    ),
    "a Python program": (
        """
        import subprocess, sys

        def test_it():
            subprocess.run([sys.executable, "-c", ""], check=True)
        """,
        "program python*, started with subprocess, is not controlled",
    ),
    "a bare fork": (
        """
        import os

        def test_it():
            if not (pid := os.fork()):
                os._exit(0)
            os.waitpid(pid, 0)
        """,
        "a process made with os.fork is not controlled",
    ),
    "a signal handler": (
        """
        import signal

        def test_it():
            signal.signal(signal.SIGUSR1, lambda *_: None)
            signal.raise_signal(signal.SIGUSR1)
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        """,
        "the handler of SIGUSR1: where it interrupts is not varied",
    ),
    "a server in a module": (
        """
        import queue, threading
        asked, answers = queue.Queue(), queue.Queue()

        def serve():
            for number in iter(asked.get, None):
                answers.put(number)

        def setup_module():
            global server
            server = threading.Thread(target=serve)
            server.start()

        def teardown_module():
            asked.put(None)
            server.join()

        def test_it():
            asked.put(1)
            assert answers.get() == 1
        """,
        "thread serve, started by setup_module of test_*: ran beside the test, not controlled",
    ),
    "a pool made at import": (
        """
        from multiprocessing.pool import ThreadPool
        POOL = ThreadPool(1)

        def test_it():
            assert POOL.apply(int) == 0
        """,
        "*thread worker*, started by the import of test_*.py: ran beside the test, not controlled",
    ),
    "processes of a pool made at import": (
        """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        POOL = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver"))

        def test_it():
            assert POOL.submit(abs, -1).result() == 1
        """,
        "work for a ProcessPoolExecutor that was there before the test is not controlled*",
    ),
    "threads besides a campaign": (
        """
        import threading

        def test_it(thread_race):
            thread_race([int, int], schedules=3, mode="jitter").runs
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
        """,
        "it starts threads or processes besides the campaign that it asks for",
    ),
}


@pytest.mark.parametrize(("source", "reason"), CASES.values(), ids=CASES)
def test_it_is_named(project, plain, source, reason) -> None:
    """It passes with a line that says why; with --racecheck-strict it fails in the same words."""
    project.makepyfile(source)
    result = plain("--racecheck", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([
        "*::test_it PASSED [[]not explored[]]*",
        "0 tests explored in 0 runs: 1 not explored",
        f"not explored: *::test_it: {reason}",
    ])  # fmt: skip
    result = plain("--racecheck", "--racecheck-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E   Inconclusive: not explored: {reason}"])


def test_a_doctest_is_named(project, plain) -> None:
    """So is a test that is no function."""
    project.makepyfile('''
        def documented():
            """
            >>> import threading
            >>> threading.Thread(target=int).start()
            """
    ''')
    result = plain("--racecheck", "--doctest-modules")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([
        "not explored: *: it starts threads or processes, but is no test function but a DoctestItem"
    ])  # fmt: skip


def test_who_is_merely_there_is_not_named(project, plain) -> None:
    """An idle thread in a fixture of the session says nothing about the tests that run meanwhile."""
    project.makepyfile("""
        import subprocess, threading, pytest

        @pytest.fixture(scope="session", autouse=True)
        def idle():
            stop = threading.Event()
            thread = threading.Thread(target=stop.wait)
            thread.start()
            yield
            stop.set()
            thread.join()

        def test_it():
            assert True

        @pytest.mark.skipif(not hasattr(subprocess, "_USE_VFORK"), reason="programs may wake threads")
        def test_that_waits_for_a_program():
            subprocess.run(["/bin/true"], check=True)
    """)
    result = plain("--racecheck", "--racecheck-strict")
    assert result.ret == 0
    assert "not explored" not in result.stdout.str()


def test_what_is_beside_an_explored_test_is_not_covered(project, explored) -> None:
    """A test that is explored in part says what was not looked at."""
    project.makepyfile("""
        import subprocess
        from counting import Counter, count_safely

        def test_count():
            subprocess.Popen(["/bin/sleep", "0"]).wait()
            assert count_safely(Counter()) == 2
    """)
    result = explored("--racecheck-mode=jitter", "--racecheck-schedules=10")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([
        "not covered: *::test_count: program sleep, started with subprocess, is not controlled"
    ])  # fmt: skip


def test_expected_race_free_needs_something_to_explore(project, plain) -> None:
    """expect="race-free" is not borne out by a test that starts nothing, nor by one that could not be explored."""
    project.makepyfile("""
        import os, pytest

        pytestmark = pytest.mark.racecheck(expect="race-free")

        def test_lonely():
            assert True

        def test_forks():
            if not (pid := os.fork()):
                os._exit(0)
            os.waitpid(pid, 0)
    """)
    result = plain("--racecheck")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([
        "E   Inconclusive: expected race-free, but the test starts no thread and no process: nothing was explored",
        "E   Inconclusive: expected race-free, but it was not explored: a process made with os.fork is not controlled",
    ])  # fmt: skip


def test_through_xdist_and_junit(project, plain) -> None:
    """A worker's findings reach the summary, and the junit file has verdict and reason."""
    project.makepyfile("""
        import os

        def test_forks():
            if not (pid := os.fork()):
                os._exit(0)
            os.waitpid(pid, 0)
    """)
    result = plain(
        "--racecheck", "-n", "1", "--junitxml=junit.xml", "-W", "ignore::DeprecationWarning"
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["not explored: *::test_forks: a process made with os.fork is not controlled"]
    )
    junit = (project.path / "junit.xml").read_text()
    assert '<property name="racecheck_verdict" value="not explored"' in junit
    assert 'name="racecheck_reason" value="a process made with os.fork' in junit


def test_an_executor_of_the_module_still_works_for_the_next_test(project, plain) -> None:
    """Being watched does not break a pool that several tests use."""
    project.makepyfile("""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        POOL = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver"))

        def test_first():
            assert POOL.submit(abs, -1).result() == 1

        def test_second():
            assert POOL.submit(abs, -2).result() == 2
    """)
    plain("--racecheck").assert_outcomes(passed=2)
