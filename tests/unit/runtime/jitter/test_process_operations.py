"""Scheduling points before files, locks, queues, pipes and proxies, in a child."""

from __future__ import annotations

import multiprocessing
import os
import shutil

import pytest

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.jitter.operations import OperationPoints

FORK = multiprocessing.get_context("fork")


class Ledger:
    """Stands for a task and notes the points it passes."""

    name = "ledger"

    def __init__(self) -> None:
        self.sites = []

    def pass_point(self, site, weight) -> None:
        self.sites.append(site)


def passed_by(action, scope=__file__):
    """The sites of the points that `action` passes in a child."""
    ours, theirs = FORK.Pipe()

    def child() -> None:
        from pytest_racecheck.runtime.context import current

        points = OperationPoints(lambda file: file == scope)
        points.install()
        points.rebind()
        ledger = Ledger()
        current.task = ledger
        try:
            action()
        finally:
            current.task = None
        theirs.send(ledger.sites)

    process = FORK.Process(target=child)
    process.start()
    sites = ours.recv()
    process.join()
    ours.close()
    theirs.close()
    return sites


def names(sites) -> list[str]:
    return [site.name for site in sites]


def test_files(tmp_path) -> None:
    """Opening, asking, renaming and removing files each pass a point, named by the line that led there."""

    def action() -> None:
        with open(tmp_path / "a", "w") as file:
            file.write("text")
        os.stat(tmp_path / "a")
        os.rename(tmp_path / "a", tmp_path / "b")
        os.mkdir(tmp_path / "c")
        os.unlink(tmp_path / "b")

    sites = passed_by(action)
    assert names(sites) == ["io.open", "os.stat", "os.rename", "os.mkdir", "os.unlink"]
    first = action.__code__.co_firstlineno
    assert [site.line - first for site in sites] == [1, 3, 4, 5, 6]
    assert {site.file for site in sites} == {__file__}


def test_files_inside_libraries(tmp_path) -> None:
    """What a library out of scope does to files counts at the line that called it."""
    (tmp_path / "tree" / "leaf").mkdir(parents=True)

    def action() -> None:
        shutil.rmtree(tmp_path / "tree")

    sites = passed_by(action)
    assert "os.rmdir" in names(sites)
    assert {site.line for site in sites} == {action.__code__.co_firstlineno + 1}
    assert not (tmp_path / "tree").exists()


def test_functions_keep_what_callers_ask_of_them() -> None:
    """`os.supports_dir_fd` and its like still know the functions."""

    def action() -> None:
        assert os.open in os.supports_dir_fd
        assert os.stat in os.supports_follow_symlinks
        assert os.stat.__name__ == "stat"

    assert passed_by(action) == []


@pytest.mark.parametrize("make", [FORK.Lock, FORK.RLock, lambda: FORK.Semaphore(1)])
def test_locks_of_the_parent_and_of_the_child(make) -> None:
    """Locks inherited from the parent and new ones pass a point at acquire and release, and in a with statement."""
    inherited = make()

    def action() -> None:
        for lock in (inherited, make()):
            with lock:
                pass
            lock.acquire()
            lock.release()

    kinds = [name.rpartition(".")[2] for name in names(passed_by(action))]
    assert kinds == ["__enter__", "__exit__", "acquire", "release"] * 2


def test_pipes_and_queues() -> None:
    """Each call is one point, whatever it is made of."""
    queue = FORK.SimpleQueue()
    one, other = FORK.Pipe()

    def action() -> None:
        queue.put(1)
        queue.get()
        one.send(2)
        assert other.poll()
        other.recv()

    assert names(passed_by(action)) == [
        "SimpleQueue.put", "SimpleQueue.get", "_ConnectionBase.send", "_ConnectionBase.poll",
        "_ConnectionBase.recv",
    ]  # fmt: skip
    queue.close()
    one.close()
    other.close()


def test_proxies() -> None:
    """Each call on a manager's proxy is one point, named by the method."""
    with FORK.Manager() as manager:
        shared = manager.dict(count=1)

        def action() -> None:
            shared["count"] -= 1

        assert names(passed_by(action)) == ["DictProxy.__getitem__", "DictProxy.__setitem__"]
        assert shared["count"] == 0


def test_outside_a_task_nothing_counts(tmp_path) -> None:
    """A thread that is no task gets the plain functions."""
    import threading

    def action() -> None:
        thread = threading.Thread(target=os.stat, args=[tmp_path])
        thread.start()
        thread.join()

    assert passed_by(action) == []


def test_the_instrumentation_itself_does_not_count(tmp_path) -> None:
    """Deciding what is in scope looks at files, and that is nobody's operation."""

    def action() -> None:
        Scope(tmp_path).contains(str(tmp_path / "file.py"))

    assert passed_by(action, scope="") == []


def test_installing_twice_is_installing_once(tmp_path) -> None:
    """No operation passes two points."""

    def action() -> None:
        OperationPoints(lambda _file: True).prepare()
        os.stat(tmp_path)

    assert names(passed_by(action)) == ["os.stat"]
