"""No hang: a test that blocks for ever ends, and the line at which it blocks is named."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this platform has no interval timers"
)

# As in a session with little patience; the watchdog of explored runs has its own limit, and so has the name of what cannot be ended.
IMPATIENT = """
from pytest_racecheck.campaign import first_run
from pytest_racecheck.runtime.threads import outside, watchdog

first_run.SHORTEST_REST = first_run.LONGEST_REST = 0.3
first_run.FIRST_RUN_SECONDS = 1.0
outside.LIMIT = 0.2
watchdog.Watchdog.__init__.__defaults__ = (0.2,)
watchdog.Watchdog.__init__.__kwdefaults__ = {"deadman": 0.5}
"""
EXPLORED = ("--racecheck", "--racecheck-mode=explore", "--racecheck-seconds=0.05")


@pytest.fixture
def impatient(project, plain):
    """Run pytest on a project whose limits are short."""

    def run(source, *args):
        project.makeconftest(IMPATIENT)
        project.makepyfile(source)
        return plain(*EXPLORED, *args)

    return run


DEADLOCK = """
import threading

def test_it():
    first, second, both = threading.Lock(), threading.Lock(), threading.Barrier(2)
    def take(one, other):
        with one:
            both.wait()
            with other:
                pass
    threads = [
        threading.Thread(target=take, args=locks) for locks in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
IN_A_THREAD = """
import os, signal, threading

def wait():
    {wait}

def test_it():
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
"""


def test_a_deadlock_of_a_test_as_it_stands(impatient) -> None:
    """A test that deadlocks in any case is told what it deadlocks on, and that this needs no race."""
    result = impatient(DEADLOCK)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E   RaceFound: deadlock on second *",
        "E     take-1 waits to acquire second at *:8, held by take-2 since *:6",
        "E     take-2 waits to acquire first at *:8, held by take-1 since *:6",
        "E   deadlock under every schedule that was tried: it needs no race; its first run, which*",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*RunOverdue*")
    result.stdout.no_fnmatch_line("*Unhandled*")


@pytest.mark.parametrize("plugins", [(), ("-n1",), ("--timeout=30",)], ids=["", "xdist", "timeout"])
def test_a_pipe_that_nobody_writes_to(impatient, plugins) -> None:
    """The line of the thread that blocks is named, not only that of the one that waits for it."""
    result = impatient(IN_A_THREAD.format(wait="os.read(os.pipe()[0], 1)"), *plugins)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E     wait-1 waits in read() at test_*.py:4"])


def test_what_nobody_controls(impatient) -> None:
    """Where explore is stuck as well, the first run's hang is the failure, with each task's line."""
    result = impatient(IN_A_THREAD.format(wait="signal.sigwait([signal.SIGUSR2])"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        ">       thread.join()",
        "E       *RunOverdue: *::test_it: its first run, *hangs: main did not end*: thread.join()",
        "E         wait-1 did not end within * s, at *.py:4 in wait: signal.sigwait(*",
        "E       mend what it waits for; *",
        "E       explored as well: it cannot be explored: wait-1 blocks, out of control, at *.py:4: *",
    ])  # fmt: skip


def test_an_executor_that_is_left_with_a_stuck_worker(impatient) -> None:
    """What unwinds blocks again, and is got out again."""
    result = impatient("""
        import os
        from concurrent.futures import ThreadPoolExecutor

        def test_it():
            with ThreadPoolExecutor(1) as pool:
                pool.submit(os.read, os.pipe()[0], 1).result()
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E     main waits in Future.result() at test_*.py:6*"])


def test_a_pool_whose_test_has_given_up_waiting(project) -> None:
    """The session ends though a worker of a pool, which the interpreter would wait for, hangs for ever: nobody has to end it by hand."""
    project.makepyfile("""
        import threading
        from concurrent.futures import ThreadPoolExecutor

        def test_it():
            pool = ThreadPoolExecutor(1)
            pool.submit(threading.Event().wait)
            pool.shutdown(wait=False)
    """)
    result = project.runpytest_subprocess(
        "--racecheck", "--racecheck-mode=jitter", "--racecheck-schedules=3", timeout=60
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*outlived its run*"])


def test_a_slow_test_does_not_hang(impatient) -> None:
    """Who sleeps, in whichever thread, is not taken for one that hangs."""
    result = impatient("""
        import threading, time

        slept = []

        def sleep():
            first = not slept
            slept.append(True)
            time.sleep(0.6 if first else 0)

        def test_it():
            thread = threading.Thread(target=sleep)
            thread.start()
            thread.join()
    """)
    result.assert_outcomes(passed=1)


HELD = """
def test_it(thread_race):
    numbers = range(80_000_000)

    def add():
        return sum(numbers)

    thread_race(add, workers=1, schedules=1).verdict
"""


def test_a_loop_that_no_signal_reaches(impatient) -> None:
    """It is named on the real standard error while it goes on: the line, and the test."""
    result = impatient(HELD)
    result.stderr.fnmatch_lines([
        "Timeout (0:00:00.500000)!",
        "*in racecheck, watching test_*.py::test_it",
        '*test_*.py", line 5 in add',
    ])  # fmt: skip


def test_faulthandlers_timer_is_theirs(impatient) -> None:
    """Where the user has set pytest's own time limit for that, it is kept, and ours stays away."""
    result = impatient(HELD, "-o", "faulthandler_timeout=0.4")
    result.stderr.fnmatch_lines(["Timeout (0:00:00.400000)!"])
    result.stderr.no_fnmatch_line("Timeout (0:00:00.500000)!")


def test_nothing_is_left(impatient) -> None:
    """After a hang handlers, timers and threads are as they were, but for the thread that cannot be ended."""
    result = impatient(
        """
        import os, signal, threading, pytest
        before = [signal.getsignal(number) for number in range(1, signal.NSIG)]

        @pytest.mark.xfail(raises=BaseException, strict=True)
        def test_hangs():
            thread = threading.Thread(target=os.read, args=(os.pipe()[0], 1), name="left")
            thread.start()
            thread.join()

        @pytest.mark.racecheck(skip="it looks at what the one before has left")
        def test_afterwards():
            assert [signal.getsignal(number) for number in range(1, signal.NSIG)] == before
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
            assert {thread.name for thread in threading.enumerate()} <= {"MainThread", "left"}
            assert len(os.listdir("/proc/self/task")) == threading.active_count()
        """
    )
    result.assert_outcomes(xfailed=1, passed=1)
