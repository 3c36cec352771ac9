"""What can be no task is told of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from pytest_racecheck.runtime.jitter.uncontrolled import noticing

FORK = get_context("fork")


def start_program() -> None:
    """Start a program and go on beside it."""
    subprocess.Popen(["/bin/sleep", "0"]).wait()


def start_python() -> None:
    """Wait for a program that may be anything."""
    subprocess.run([sys.executable, "-c", ""], check=True)


def start_by_line() -> None:
    """A command line for the shell."""
    subprocess.Popen("sleep 0", shell=True).wait()


def fork() -> None:
    """A process that is nobody's."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def handle() -> None:
    """Install a handler, and the old one again."""
    old = signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGUSR1, old)


def handle_nameless() -> None:
    """The same for a signal that has a number only."""
    number = signal.SIGRTMIN + 3
    old = signal.signal(number, lambda *_: None)
    signal.signal(number, old)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("start", "told"),
    [
        (start_program, "program sleep, started with subprocess, is not controlled"),
        (start_python, "program python*, started with subprocess, is not controlled"),
        (start_by_line, "program sleep, started with subprocess, is not controlled"),
        (fork, "a process made with os.fork is not controlled"),
        (handle_nameless, "the handler of signal *: where it interrupts is not varied"),
        (handle, "the handler of SIGUSR1: where it interrupts is not varied"),
    ],
)
def test_each_is_told(start: Callable[[], None], told: str) -> None:
    """Programs, forks and handlers are told of, by name, and everything is as it was afterwards."""
    before = subprocess.Popen.__init__, os.fork, signal.signal
    texts: list[str] = []
    with noticing(texts.append, lambda file: file == __file__):
        start()
    start()
    assert len(texts) == 1
    head, star, tail = told.partition("*")
    assert texts[0].startswith(head)
    assert texts[0].endswith(tail if star else head)
    assert (subprocess.Popen.__init__, os.fork, signal.signal) == before


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_is_controlled_or_awaited_is_not_told() -> None:
    """A program that is waited for, multiprocessing's own forks and other people's handlers are no news."""
    texts: list[str] = []
    with noticing(texts.append, lambda _: False):
        subprocess.run(["/bin/true"], check=True)
        subprocess.check_output("true", shell=True)
        process = FORK.Process(target=int)
        process.start()
        process.join()
        handle()
    assert texts == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_a_task_starts_is_told_to_its_run(runs) -> None:
    """Inside a run it is the run's to tell."""
    texts: list[str] = []
    with noticing(texts.append, lambda _: True):
        world = runs.observe(start_program)
    assert texts == []
    assert list(world.not_covered) == ["program sleep, started with subprocess, is not controlled"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_pool_from_before_is_left_alone(runs) -> None:
    """Its processes are no tasks and outlive the run, so that it still works; one that the program makes has tasks."""
    texts: list[str] = []
    with ProcessPoolExecutor(1, mp_context=FORK) as pool:
        with noticing(texts.append, lambda _: True):
            world = runs.observe(lambda: pool.submit(abs, -1).result())
            assert not world.concurrent
            assert len(world.not_covered) == 1
            assert pool.submit(abs, -2).result() == 2
            assert "ProcessPoolExecutor" in texts[0]

            def own() -> None:
                with ProcessPoolExecutor(1, mp_context=FORK) as mine:
                    assert mine.submit(abs, -3).result() == 3

            assert "worker-1" in runs.observe(own).names
