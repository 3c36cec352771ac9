"""`threading.settrace` and `setprofile`."""

from __future__ import annotations

import sys
import threading

from .test_locks import in_two


def test_new_threads_are_traced_and_nobody_else(explored):
    """A task is traced with the hook, also after others had their turn; the main task with what it had."""
    lock = threading.Lock()

    def work():
        with lock:
            pass
        seen.append(sys.gettrace() is trace)
        seen.append(sys.getprofile() is profile)

    def trace(frame, event, arg):
        return None

    def profile(frame, event, arg):
        return None

    seen: list[bool] = []
    before = sys.gettrace(), sys.getprofile()

    def program():
        seen.clear()
        threading.settrace(trace)
        threading.setprofile(profile)
        try:
            in_two(work, work)
        finally:
            threading.settrace(None)
            threading.setprofile(None)
        return list(seen), (sys.gettrace(), sys.getprofile()) == before

    assert explored(program, 20).returned == [([True] * 4, True)] * 20


def test_without_hooks_nothing_is_traced(explored):
    """Threads begin without trace function, as always."""

    def program():
        seen = []
        before = sys.getprofile()
        in_two(lambda: seen.append(sys.getprofile() is before), int)
        return seen

    assert explored(program, 2).returned == [[True]] * 2
