"""CPython's own tests of its threads, locks, queues and executors pass inside controlled runs, under random schedules.

What cannot pass is listed, each test with its reason. Where an interpreter comes without the `test` package there is nothing to run.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_racecheck

DRIVER = Path(__file__).with_name("under_control_driver.py")
SOURCE = Path(pytest_racecheck.__file__).parents[1]

BOOKS = "looks into the books that threading keeps of threads of the operating system"
PROCESS = "starts another interpreter, or forks, and gives it seconds that are virtual here"
MANY = "a hundred tasks poll for ten thousand items: minutes"
SKIPPED = {
    # test_threading
    "test_PyThreadState_SetAsyncExc": "names the thread to the interpreter by its ident",
    "test_foreign_thread": BOOKS,
    "test_ident_of_no_threading_threads": BOOKS,
    "test_limbo_cleanup": BOOKS,
    "test_shutdown_locks": BOOKS,
    "test_tstate_lock": BOOKS,
    "test_start_new_thread_failed": "the operating system is to refuse a thread, and is not asked for one",
    "test_disallow_instantiation": "up to 3.12 the type of a lock cannot be called, but ours is what makes one",
    "test_is_alive_after_fork": PROCESS,
    "test_join_nondaemon_on_shutdown": PROCESS,
    "test_print_exception_gh_102056": PROCESS,
    "test_keyboard_interrupt_during_threading_shutdown": PROCESS,
    "test_PyThreadState_SetAsyncExc_interrupts_sleep": "names the thread to the interpreter by its ident",
    "test_main_thread_after_fork": PROCESS,
    "test_main_thread_after_fork_from_nonmain_thread": PROCESS,
    "test_main_thread_after_fork_from_foreign_thread": PROCESS,
    "test_dummy_thread_after_fork": PROCESS,
    "test_excepthook": "an uncaught exception is a failure of the run, and not printed",
    "test_original_excepthook": "an uncaught exception is a failure of the run, and not printed",
    "ThreadTests.test_leak_without_join": "leaves a thread behind on purpose",
    # test_queue
    "test_many_threads_nonblock": MANY,
    "test_simplequeue_sizeof": "ours is not the object of C whose size is known",
    # test_thread
    "test_start_duplicate_handle": "gives a handle of C to the function that only threading calls with one",
    "test_unraisable_exception": "an uncaught exception is a failure of the run, and not printed",
    # test_concurrent_futures
    "test_idle_thread_reuse": "a race of its own: the second work item may come before the worker is idle",
    "test_interpreter_shutdown": PROCESS,
    "test_process_fork_from_a_threadpool": PROCESS,
    "test_hang_gh83386": PROCESS,
    "test_hang_gh94440": PROCESS,
    "test_hang_global_shutdown_lock": PROCESS,
}
# What runs in one process, one after another.
CASES = {
    "queue": ("test.test_queue",),
    "thread": ("test.test_thread", "test.test_threading_local"),
    "locks": (
        "test.test_threading.LockTests",
        "test.test_threading.CRLockTests",
        "test.test_threading.PyRLockTests",
        "test.test_threading.EventTests",
        "test.test_threading.ConditionTests",
        "test.test_threading.ConditionAsRLockTests",
        "test.test_threading.SemaphoreTests",
        "test.test_threading.BoundedSemaphoreTests",
        "test.test_threading.BarrierTests",
    ),
    "threading": (
        "test.test_threading.ThreadTests",
        "test.test_threading.ThreadingExceptionTests",
        "test.test_threading.ExceptHookTests",
        "test.test_threading.TimerTests",
    ),
    "futures": (
        "test.test_concurrent_futures.test_future",
        "test.test_concurrent_futures.test_thread_pool",
        "test.test_concurrent_futures.test_wait.ThreadPoolWaitTests",
        "test.test_concurrent_futures.test_as_completed.ThreadPoolAsCompletedTest",
        "test.test_concurrent_futures.test_shutdown.ThreadPoolShutdownTest",
        "test.test_concurrent_futures.test_init.ThreadPoolInitializerTest",
    ),
}


def exists(case: str) -> bool:
    """Whether this interpreter has the tests."""
    module = ".".join(part for part in case.split(".") if part[0].islower())
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_stdlib_under_control(cases: tuple[str, ...], tmp_path: Path) -> None:
    """No test of the standard library's own fails inside a run."""
    if not all(map(exists, cases)):
        pytest.skip("this interpreter comes without these tests")
    path = os.pathsep.join([str(SOURCE), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(DRIVER), ",".join(cases), "2", *SKIPPED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert " 0 failed" in done.stdout
