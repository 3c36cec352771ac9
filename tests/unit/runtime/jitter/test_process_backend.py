"""Explicit targets on processes and with managers."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
import warnings
from multiprocessing.synchronize import SemLock
from pathlib import Path

import pytest

from extent import one_of_each_kind
from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.jitter.manager_backend import ManagerBackend
from pytest_racecheck.runtime.jitter.process_backend import ProcessBackend

METHODS = ["fork", "spawn", "forkserver"]
BACKENDS = [ProcessBackend, ManagerBackend]


class Unusual(Exception):
    """Cannot be unpickled: its constructor wants more than it keeps."""

    def __init__(self, one, other) -> None:
        super().__init__(one)
        self.other = other


def increment(counter) -> None:
    counter.value += 1


def increment_under(lock, counter) -> None:
    with lock:
        counter.value += 1


def bodies(target, *args, workers=2):
    return [Body(target, args, getattr(target, "__name__", "task").strip("<>"))] * workers


def launched(runs, backend, make, **words):
    """The world after one run of the bodies that `make` makes of the backend's shared objects."""
    with backend.session():
        world = runs.world(**words)
        with world:
            backend.launch(world, make(backend.shared()))
    return world


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", BACKENDS)
def test_bodies_run_as_tasks(runs, kind, method) -> None:
    """Every body runs in a process of its own, as a task, on the objects that were shared with it."""
    seen = []

    def make(shared):
        counter, lock = shared.counter(3), shared.lock()
        seen.append(counter)
        return bodies(increment_under, lock, counter)

    backend = kind(method)
    with backend.session():
        world = runs.world()
        with world:
            backend.launch(world, make(backend.shared()))
        assert seen[0].value == 5
    assert world.names == ["main", "increment_under-1", "increment_under-2"]
    assert world.result().passed
    assert "increment_under" in {key[2] for key in world.recorder.keys}


@pytest.mark.parametrize("method", METHODS)
def test_closures_and_lambdas_travel(runs, method) -> None:
    """A lambda over a lock and a value works under every start method."""
    backend = ProcessBackend(method)
    shared = backend.shared()
    counter, lock = shared.counter(0), shared.lock()

    def locked() -> None:
        with lock:
            increment(counter)

    launched(runs, backend, lambda _: [*bodies(locked), *bodies(lambda: locked(), workers=1)])
    assert counter.value == 3


@pytest.mark.parametrize("method", METHODS)
def test_rewritten_code_travels_as_it_was(runs, method) -> None:
    """While the parent's functions are rewritten, each child's are too, and all pass the same points."""
    backend = ProcessBackend(method)

    def make(shared):
        return bodies(increment, shared.counter(0))

    keys = frozenset(launched(runs, backend, make).recorder.keys)
    with runs.instrumented(keys):
        world = launched(runs, backend, make, run=2, keys=keys)
    assert world.result().passed
    assert world.weights["increment-1"] == world.weights["increment-2"] == 4.0


@pytest.mark.parametrize("method", METHODS)
def test_exceptions_come_home(runs, method, capfd) -> None:
    """What a target raises is recorded as itself, without a word on stderr."""

    def complain() -> None:
        raise LookupError("no such thing")

    world = launched(runs, ProcessBackend(method), lambda _: bodies(complain))
    assert [error.summary for error in world.errors] == ["LookupError: no such thing"] * 2
    assert all(type(error.exception) is LookupError for error in world.errors)
    assert "in complain" in world.errors[0].details
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("method", METHODS)
def test_exceptions_that_do_not_travel_are_told(runs, method) -> None:
    """An exception that cannot be unpickled comes as its text."""

    def complain() -> None:
        raise Unusual("this", "that")

    world = launched(runs, ProcessBackend(method), lambda _: bodies(complain, workers=1))
    (error,) = world.errors
    assert error.summary == "Unusual: this"
    assert error.exception is None
    assert "in complain" in error.details


@pytest.mark.parametrize("method", METHODS)
def test_a_killed_task_is_a_crash(runs, method) -> None:
    """A task killed in the middle is reported with its exit code; the others end as usual."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    backend = ProcessBackend(method)
    counter = backend.shared().counter(0)
    world = launched(
        runs, backend, lambda _: [*bodies(die, workers=1), *bodies(increment, counter, workers=1)]
    )
    assert [(e.kind, e.summary) for e in world.errors] == [
        (Outcome.CRASHED, "die-1 died with exit code -9 (SIGKILL)")
    ]
    assert counter.value == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_task_that_hangs_is_named_with_its_line(runs, method) -> None:
    """A task that does not end is reported with the place where it stands, and ended."""

    def hang(lock) -> None:
        lock.acquire()
        lock.acquire()

    world = launched(
        runs, ProcessBackend(method), lambda shared: bodies(hang, shared.lock(), workers=1),
        deadline=1.0 if method == "fork" else 2.0,
    )  # fmt: skip
    (error,) = world.errors
    line = hang.__code__.co_firstlineno + 2
    assert error.kind is Outcome.POTENTIAL_DEADLOCK
    assert error.summary.startswith("hang-1 did not end within ")
    assert error.summary.endswith(f"s, at {__file__}:{line} in hang")
    assert error.position == (__file__, line)
    assert not world.leaked


def test_a_hung_tasks_children_end_with_it(runs, gone) -> None:
    """A process that a hung task started does not survive it."""
    ours, theirs = multiprocessing.Pipe()

    def hang() -> None:
        pid = os.fork()
        if pid:
            theirs.send(pid)
        while True:
            signal.pause()

    world = launched(runs, ProcessBackend("fork"), lambda _: bodies(hang, workers=1), deadline=0.5)
    pid = ours.recv()
    assert [error.kind for error in world.errors] == [Outcome.POTENTIAL_DEADLOCK]
    assert gone(pid)
    ours.close()
    theirs.close()


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_what_cannot_travel_is_named(runs, method) -> None:
    """State that cannot be pickled is a UsageError of one line that names it; nothing is left running."""

    def target(plain, lock) -> None:
        pass

    with pytest.raises(UsageError) as caught:
        launched(runs, ProcessBackend(method), lambda _: bodies(target, 1, threading.Lock()))
    message = str(caught.value)
    assert message.startswith("state[1] of target 'target', <unlocked _thread.lock")
    assert "cannot be pickled for start method" in message
    assert "expected" in message
    assert "\n" not in message


def test_a_control_run_has_no_gate(runs) -> None:
    """In a control run each body has ended before the next starts."""
    world = launched(
        runs,
        ProcessBackend("fork"),
        lambda shared: bodies(increment, shared.counter(0), workers=3),
        serial=5.0,
    )
    assert not world.overlapped
    assert world.result().passed


def test_interruption_ends_everything(runs, monkeypatch) -> None:
    """Ctrl-C while the parent waits goes through, and no child stays."""

    def hang() -> None:
        while True:
            signal.pause()

    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_racecheck.runtime.jitter.launch.Launch._release", interrupted)
    with pytest.raises(KeyboardInterrupt):
        launched(runs, ProcessBackend("fork"), lambda _: bodies(hang))


@pytest.mark.parametrize("kind", BACKENDS)
def test_threads_of_the_program_do_not_make_forks_warn(runs, kind) -> None:
    """Beside a thread, such as a worker of pytest-xdist has, tasks and servers are forked without a warning."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            world = launched(runs, kind("fork"), lambda shared: bodies(increment, shared.counter()))
    finally:
        done.set()
        thread.join()
    assert world.result().passed
    assert seen == []


def test_a_queue_filled_in_setup_reaches_forked_tasks(runs) -> None:
    """The feeder thread of such a queue is in the parent, and the items arrive."""

    def take(queue) -> None:
        queue.get()

    def make(shared):
        queue = shared.queue()
        queue.put(1)
        queue.put(2)
        return bodies(take, queue)

    assert launched(runs, ProcessBackend("fork"), make).result().passed
    gc.collect()


@pytest.mark.parametrize("kind", one_of_each_kind(BACKENDS, {ManagerBackend}))
def test_nothing_adds_up(runs, kind, tmp_path, monkeypatch) -> None:
    """Fifty runs in one session leave no descriptor and no file behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    backend = kind("fork")

    def run() -> None:
        shared = backend.shared()
        world = runs.world()
        with world:
            backend.launch(world, bodies(increment_under, shared.lock(), shared.counter(0)))
        assert world.result().passed

    with backend.session():
        run()
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            run()
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) <= before
    assert os.listdir(folder) == []
    assert set(os.listdir(runs.directory)) <= {"stacks"}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_no_semaphore_stays(runs, method, monkeypatch) -> None:
    """Named semaphores are unlinked once a run's objects are gone."""
    names = []
    make_name = SemLock._make_name

    def noted():
        names.append(make_name())
        return names[-1]

    monkeypatch.setattr(SemLock, "_make_name", staticmethod(noted))
    launched(
        runs,
        ProcessBackend(method),
        lambda shared: bodies(increment_under, shared.lock(), shared.counter(0)),
    )
    gc.collect()
    assert names
    assert not [name for name in names if Path(f"/dev/shm/sem.{name.strip('/')}").exists()]


def test_a_server_that_a_killed_task_used_is_replaced(runs) -> None:
    """The next run gets another server, for the dead one may hold a lock in this; check can still ask the old one."""
    backend = ManagerBackend("fork")

    def take_and_die(lock) -> None:
        lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)

    with backend.session():
        world = runs.world()
        with world:
            old = backend.shared()
            kept = old.list([1])
            backend.launch(world, bodies(take_and_die, old.lock(), workers=1))
        assert list(kept) == [1]
        new = backend.shared()
        assert new.lock().acquire(timeout=5)
        assert new._manager is not old._manager
