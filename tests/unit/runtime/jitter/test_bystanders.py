"""Who was there before, and whether they ran."""

from __future__ import annotations

import multiprocessing
import queue
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_racecheck.runtime.jitter import bystanders
from pytest_racecheck.runtime.jitter.bystanders import Bystanders


class Server:
    """A thread that answers, when asked."""

    def __init__(self, name: str | None = None) -> None:
        self.asked: queue.Queue[int | None] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        self.thread = threading.Thread(target=self.serve, name=name)
        self.thread.start()

    def serve(self) -> None:
        """Answer until there is nothing more."""
        for number in iter(self.asked.get, None):
            self.answers.put(sum(range(number)))

    def ask(self) -> None:
        """Have it work for a while."""
        self.asked.put(1000)
        self.answers.get()

    def end(self) -> None:
        """No more questions."""
        self.asked.put(None)
        self.thread.join()


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """Those that a test makes; they end with it."""
    made: list[Server] = []
    yield made
    for server in made:
        server.end()


@pytest.fixture
def clocks(monkeypatch) -> dict[object, int | None]:
    """For how long each has run, as far as the kernel is concerned; 0 unless a test says otherwise."""
    known: dict[object, int | None] = {}
    monkeypatch.setattr(bystanders, "_ran", lambda one: known.get(one, 0))
    return known


def test_one_that_runs_is_named_with_its_starter(servers, clocks) -> None:
    """After what it runs, or as its project calls it, and with whoever started it; idle ones are not mentioned."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers += [Server(), Server("mine"), Server("idle")]
    with there.watch() as ran:
        clocks.update({servers[0].thread: 1, servers[1].thread: 1})
        assert ran() == [
            "thread serve, thread mine, started by fixture server: ran beside the test, not controlled"
        ]


def test_the_kernel_knows_who_ran(servers) -> None:
    """A thread that answers a question in the meantime has run."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers.append(Server())
    with there.watch() as ran:
        servers[0].ask()
        assert len(ran()) == 1


def test_one_that_is_on_the_processor_has_run(servers, monkeypatch) -> None:
    """Though nothing has been added up for it yet."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers.append(Server())
    monkeypatch.setattr(bystanders, "_nanoseconds", lambda _task: 0)
    running = False
    monkeypatch.setattr(bystanders, "_is_running", lambda _task: running)
    with there.watch() as ran:
        assert ran() == []
        running = True
        assert len(ran()) == 1


def test_where_nobody_knows_each_counts_as_having_run(servers, clocks) -> None:
    """Without figures nothing is passed over."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers.append(Server())
    clocks[servers[0].thread] = None
    with there.watch() as ran:
        assert len(ran()) == 1


def test_those_that_nobody_noted_are_not_the_projects(servers) -> None:
    """Threads of pytest's plugins are left out."""
    servers.append(Server())
    there = Bystanders()
    with there.started_by("fixture other"):
        pass
    with there.watch() as ran:
        servers[0].ask()
        assert ran() == []


def test_a_thread_that_ended_had_run(servers) -> None:
    """What ends in the meantime ran in the meantime."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers.append(Server("brief"))
    with there.watch() as ran:
        servers[0].end()
        assert len(ran()) == 1


@pytest.mark.skipif(not hasattr(subprocess, "_USE_VFORK"), reason="vfork cannot be turned off")
def test_programs_wake_nobody(servers) -> None:
    """A test that waits for programs does not look as if sleeping threads had run; programs start as ever afterwards."""
    there = Bystanders()
    with there.started_by("fixture server"):
        servers.append(Server())
    servers[0].ask()
    before = subprocess._USE_VFORK
    with there.watch():
        subprocess.run(["/bin/true"], check=True)
        assert not subprocess._USE_VFORK
    assert subprocess._USE_VFORK == before


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_count_too() -> None:
    """A pool's process that works for a test is named."""
    there = Bystanders()
    with there.started_by("the import of test_a.py"):
        pool = multiprocessing.get_context("fork").Pool(1)
    with pool:
        pool.apply(int)
        with there.watch() as ran:
            pool.apply(sum, [range(100_000)])
            assert "process ForkPoolWorker" in ran()[0]
        pool.close()
        pool.join()


def test_threads_that_were_lent_to_tasks_are_not_beside(runs) -> None:
    """What a pool's thread did as a task was explored."""
    there = Bystanders()
    with ThreadPoolExecutor(1) as pool:
        with there.started_by("fixture pool"):
            pool.submit(int).result()
        with there.watch() as ran:
            runs.observe(lambda: pool.submit(sum, range(1000)).result())
            assert ran() == []
        with there.watch() as ran:
            pool.submit(sum, range(1000)).result()
            assert len(ran()) == 1
