"""The door that the first start opens."""

from __future__ import annotations

import _thread
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.entrance import at_first_start, entrance_shut, hosted


def with_thread() -> None:
    """Start a thread, and another."""
    for _ in range(2):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


def with_bare_thread() -> None:
    """Start a thread through `_thread`."""
    done = threading.Lock()
    done.acquire()
    _thread.start_new_thread(done.release, ())
    done.acquire()


def with_process() -> None:
    """Start a process."""
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()


def with_timer() -> None:
    """Start a subclass's instance."""
    timer = threading.Timer(0, int)
    timer.start()
    timer.join()


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    """A pool whose one thread is there already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        yield pool


@pytest.fixture
def opened() -> list[str]:
    """How often the door was opened."""
    return []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("start", [with_thread, with_bare_thread, with_process, with_timer])
def test_each_start_opens_it_once(opened: list[str], start: Callable[[], None]) -> None:
    """Threads, bare ones too, and processes open it, the first one only, and everything is as it was afterwards."""
    before = threading.Thread.start, _thread.start_new_thread
    with at_first_start(lambda: opened.append("open")):
        start()
    assert opened == ["open"]
    assert (threading.Thread.start, _thread.start_new_thread) == before


def test_a_class_in_the_place_of_thread(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A project's own class there opens it like any subclass, and nothing is left in it."""

    class Own(threading.Thread):
        """It has no `start` of its own."""

    monkeypatch.setattr(threading, "Thread", Own)
    with at_first_start(lambda: opened.append("open")):
        with_thread()
    assert opened == ["open"]
    assert "start" not in vars(Own)


def test_work_for_a_pool_opens_it(opened: list[str], pool: ThreadPoolExecutor) -> None:
    """A pool with idle threads starts none, and yet work for it is a beginning."""
    with at_first_start(lambda: opened.append("open")):
        assert pool.submit(str, 1).result() == "1"
    assert opened == ["open"]


def test_nothing_started_leaves_it_closed(opened: list[str]) -> None:
    """A block that starts nothing opens nothing."""
    with at_first_start(lambda: opened.append("open")):
        threading.Thread(target=int)
    assert opened == []


def test_other_threads_do_not_open_it(opened: list[str]) -> None:
    """What threads from before start is not the test's."""
    go = threading.Event()

    def other() -> None:
        go.wait()
        with_thread()

    thread = threading.Thread(target=other)
    thread.start()
    with at_first_start(lambda: opened.append("open")):
        go.set()
        thread.join()
    assert opened == []


def test_shut_it_stays_closed_and_opens_later(opened: list[str]) -> None:
    """What is started while it is shut is somebody else's; afterwards it opens as before."""
    with at_first_start(lambda: opened.append("open")):
        with entrance_shut():
            with_thread()
        assert opened == []
        with_thread()
    assert opened == ["open"]


def test_a_campaign_shuts_it_and_is_told_of(opened: list[str]) -> None:
    """A campaign of the test's own opens nothing, and what the test starts after it still does."""
    current.hosts_campaign = False
    with at_first_start(lambda: opened.append("open")):
        with hosted():
            with_thread()
        assert current.hosts_campaign
        assert opened == []
        with_thread()
    current.hosts_campaign = False
    assert opened == ["open"]


def test_doors_in_doors(opened: list[str]) -> None:
    """The inner door opens first; the outer one is back afterwards."""
    with at_first_start(lambda: opened.append("outer")):
        with at_first_start(lambda: opened.append("inner")):
            pass
        with_thread()
    assert opened == ["outer"]
