"""Threads share a pid and their globals; processes share neither."""

from __future__ import annotations

import multiprocessing
import os
import queue
from multiprocessing import Process
from threading import Thread
from typing import Any

import pytest

visits = 0


def visit(answers: Any) -> None:
    """Counts a visit in a global and says where it was counted."""
    global visits
    visits += 1
    answers.put((os.getpid(), visits))


def visit_side_by_side(worker: type[Thread | Process], answers: Any) -> list[tuple[int, int]]:
    """Lets two visitors go at the same time and collects what they saw."""
    global visits
    visits = 0
    visitors = [worker(target=visit, args=(answers,)) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return [answers.get() for _ in visitors]


@pytest.mark.racecheck(expect="race-free")
def test_threads_share_pid_and_globals() -> None:
    """One thread after the other: same pid, and the second sees what the first has done."""
    global visits
    visits = 0
    answers: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for _ in range(2):
        visitor = Thread(target=visit, args=(answers,))
        visitor.start()
        visitor.join()
    assert [answers.get(), answers.get()] == [(os.getpid(), 1), (os.getpid(), 2)]
    assert visits == 2


@pytest.mark.racecheck(expect="race")
def test_threads_side_by_side() -> None:
    """Sharing a global is what makes a race possible."""
    visit_side_by_side(Thread, queue.SimpleQueue())
    assert visits == 2


@pytest.mark.racecheck(expect="race-free", seconds=4)
def test_processes_side_by_side() -> None:
    """Each process counts in its own copy: nothing is shared, nothing can be lost."""
    answers: Any = multiprocessing.SimpleQueue()
    try:
        seen = visit_side_by_side(Process, answers)
    finally:
        answers.close()
    pids = {pid for pid, _ in seen}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert [count for _, count in seen] == [1, 1]
    assert visits == 0
