"""A program that forks while it is under control."""

from __future__ import annotations

import os
import threading
import time

import pytest

from pytest_racecheck.runtime.jitter import uncontrolled
from pytest_racecheck.runtime.threads import forking

LOCK = threading.Lock()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("where", ["main", "thread"])
def test_the_child_is_a_process_of_its_own(explored, where):
    """It runs freely, with real locks, threads and time, and knows itself to be the main thread; the parent goes on as before."""

    def program():
        codes = []

        def work():
            child = os.fork()
            if not child:
                os._exit(_look_around())
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

        if where == "main":
            work()
        else:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        return codes

    assert explored(program, 2, limit=30).returned == [[42]] * 2


def _look_around() -> int:
    try:
        began = time.monotonic()
        done = threading.Event()
        thread = threading.Thread(target=done.set)
        thread.start()
        thread.join()
        time.sleep(0.01)
        with LOCK:
            fine = done.is_set() and threading.current_thread() is threading.main_thread()
        return 42 if fine and time.monotonic() - began < 60 else 1
    except BaseException:
        return 2


class Interrupted:
    """What Ctrl-C does when it comes during a fork: it is raised in whichever hook runs around that, and nobody sees it."""

    wanted = False

    @classmethod
    def raised(cls) -> None:
        if cls.wanted:
            cls.wanted = False
            raise KeyboardInterrupt


os.register_at_fork(after_in_parent=Interrupted.raised)


@pytest.mark.parametrize("way", ["controlled", "observed"])
def test_an_interrupt_during_a_fork_is_not_lost(way) -> None:
    """It is raised when the fork is over, in the process that was interrupted."""
    observed = uncontrolled._fork(lambda _text: None, "fork", os.fork)
    Interrupted.wanted = True
    with pytest.raises(KeyboardInterrupt):
        child = (forking.fork if way == "controlled" else observed)()
        if not child:
            os._exit(0)
    os.wait()
