"""A program that forks while it is under control."""

from __future__ import annotations

import os
import threading
import time

import pytest

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
