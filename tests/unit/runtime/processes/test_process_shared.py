"""What processes share, directly or through a manager."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile

import pytest

from pytest_racecheck.runtime.processes.server import Server
from pytest_racecheck.runtime.processes.shared import ManagerShared, ProcessShared

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def server():
    """A server that is stopped at the end."""
    server = Server(FORK)
    yield server
    server.stop()


@pytest.fixture(params=["process", "manager"])
def shared(request, server):
    """Both makers of shared objects."""
    if request.param == "process":
        return ProcessShared(FORK, server)
    return ManagerShared(server.running())


def test_every_object_works(shared) -> None:
    """Each word of `shared` makes an object that does what its name says."""
    assert shared.counter(3).value == 3
    assert shared.value("d", 1.5).value == 1.5
    assert list(shared.array("i", [1, 2])) == [1, 2]
    assert dict(shared.dict({"a": 1})) == {"a": 1}
    assert list(shared.list([1])) == [1]
    for lock in (shared.lock(), shared.rlock(), shared.semaphore(1), shared.condition()):
        with lock:
            pass
    assert not shared.event().is_set()
    assert shared.barrier(1).wait() == 0
    queue = shared.queue()
    queue.put(1)
    assert queue.get() == 1
    if hasattr(queue, "join_thread"):
        queue.close()
        queue.join_thread()


def test_processes_need_no_server_for_their_own_objects(server) -> None:
    """A server is started for dicts and lists only."""
    shared = ProcessShared(FORK, server)
    shared.counter()
    shared.lock()
    assert server._manager is None
    shared.dict()
    assert server._manager is not None


def test_a_retired_server_is_replaced_at_the_next_use(server) -> None:
    """Until then it goes on answering."""
    old = server.running()
    numbers = old.list([1])
    server.retire()
    assert list(numbers) == [1]
    assert server.running() is not old


def test_a_stopped_server_leaves_nothing() -> None:
    """Neither a process nor its folder stays, and stopping twice is fine."""
    server = Server(FORK)
    manager = server.running()
    folder = os.path.dirname(manager.address)
    assert folder.startswith(tempfile.gettempdir())
    process = manager._process
    server.stop()
    server.stop()
    assert not process.is_alive()
    assert not os.path.exists(folder)


def test_a_killed_server_can_be_stopped() -> None:
    """Stopping does not need the server's help."""
    server = Server(FORK)
    manager = server.running()
    os.kill(manager._process.pid, signal.SIGKILL)
    server.stop()
    assert not manager._process.is_alive()


def test_a_server_ignores_interrupts(server) -> None:
    """Ctrl-C goes to the whole group, but the server is still needed by those that clean up."""
    manager = server.running()
    numbers = manager.list([1])
    os.kill(manager._process.pid, signal.SIGINT)
    assert list(numbers) == [1]


def test_a_long_temporary_folder_is_no_hindrance(server, tmp_path, monkeypatch) -> None:
    """The path of a socket is short on room, so it goes elsewhere when the folder's path is long."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 30)))
    assert len(server.running().address) < 90
