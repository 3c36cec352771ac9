"""What a run over processes leaves behind: nothing, whatever the program leaves."""

from __future__ import annotations

import multiprocessing
import os
import signal

FORK = multiprocessing.get_context("fork")


def increment(counter) -> None:
    counter.value += 1


def square(number: int) -> int:
    return number * number


def wait_forever(pipe) -> None:
    pipe.recv()


def start_and_join(*processes) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def test_processes_left_running_are_ended_and_named(runs, monkeypatch) -> None:
    """A process that the program forgets does not outlive the run."""
    monkeypatch.setattr("pytest_racecheck.runtime.jitter.processes.GRACE", 0.05)
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=wait_forever, args=[theirs])
    world = runs.observe(lambda: process.start())
    assert world.leaked == ["process wait_forever-1"]
    assert not process.is_alive()
    assert world.result().passed
    ours.close()
    theirs.close()


def test_stubborn_processes_are_killed(runs, monkeypatch, gone) -> None:
    """Ignoring SIGTERM does not help, nor does hiding in a grandchild."""
    monkeypatch.setattr("pytest_racecheck.runtime.jitter.processes.GRACE", 0.05)
    ours, theirs = FORK.Pipe()

    def stubborn() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pid = os.fork()
        if pid:
            theirs.send(pid)
        while True:
            signal.pause()

    process = FORK.Process(target=stubborn)

    def program() -> None:
        process.start()
        program.grandchild = ours.recv()

    runs.observe(program)
    assert process.exitcode == -signal.SIGKILL
    assert gone(program.grandchild)
    ours.close()
    theirs.close()


def test_an_open_pool_is_closed(runs) -> None:
    """A pool that is still open when the run ends neither lives on nor refills itself."""
    pools = []
    world = runs.observe(lambda: pools.append(FORK.Pool(2)))
    assert {"process worker-1", "process worker-2"} <= set(world.leaked)
    pools[0].join() if pools[0]._state == "CLOSE" else pools[0].terminate()


def test_everything_is_put_back(runs) -> None:
    """After a run multiprocessing is what it was."""
    names = ("start", "_bootstrap", "terminate", "kill", "exitcode")
    kind = multiprocessing.process.BaseProcess
    before = [vars(kind)[name] for name in names]
    runs.observe(lambda: start_and_join(FORK.Process(target=square, args=[2])))
    assert [vars(kind)[name] for name in names] == before


def test_nothing_adds_up(runs) -> None:
    """Fifty runs leave no file descriptor and no file behind."""

    def program() -> None:
        counter = FORK.Value("q", 0)
        start_and_join(*(FORK.Process(target=increment, args=[counter]) for _ in range(2)))

    runs.observe(program)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        runs.observe(program)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert os.listdir(runs.directory) == []
