"""What happens at exit to threads that are still at work: daemons and others."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from threading import Thread
from typing import Any

import pytest

PROGRAM = """
import threading

def worker():
    threading.main_thread().join()
    for line in ("worker saves", "worker ends"):
        print(line, flush=True)

threading.Thread(target=worker, daemon={daemon}).start()
print("main ends", flush=True)
"""

STUCK = """
import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
print("main ends", flush=True)
"""


def lines_of(program: str) -> list[str]:
    """Runs a program in an interpreter of its own and tells what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def save(saved: Any, place: int) -> None:
    """The work that must not be lost."""
    saved[place] = 1


def save_in_background(saved: Any, daemon: bool) -> None:
    """A whole program: has a thread save one half, saves the other, and ends."""
    Thread(target=save, args=(saved, 1), daemon=daemon).start()
    save(saved, 0)


def saved_by_a_process(daemon: bool) -> list[int]:
    """Runs the program as a process and tells whether the work arrived."""
    # Without a lock: a daemon thread killed while it holds one would leave it taken for ever.
    saved: Any = multiprocessing.Array("i", 2, lock=False)
    process = multiprocessing.Process(target=save_in_background, args=(saved, daemon))
    process.start()
    process.join()
    assert process.exitcode == 0
    return list(saved)


def test_the_interpreter_waits_for_a_thread() -> None:
    """A thread that is no daemon finishes its work after the main thread has ended."""
    lines = lines_of(PROGRAM.format(daemon=False))
    assert lines == ["main ends", "worker saves", "worker ends"]


def test_the_interpreter_does_not_wait_for_a_daemon() -> None:
    """A daemon that waits for ever holds nobody up."""
    assert lines_of(STUCK) == ["main ends"]


@pytest.mark.racecheck(expect="race", seconds=10, keep_going=False)
def test_daemon_thread_saves() -> None:
    """A daemon saves if it is quick."""
    assert saved_by_a_process(daemon=True) == [1, 1]


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_thread_saves() -> None:
    """A thread that is no daemon saves, quick or not."""
    assert saved_by_a_process(daemon=False) == [1, 1]
