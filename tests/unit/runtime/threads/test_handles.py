"""What ties a Thread object to its task."""

from __future__ import annotations

import threading

import pytest

from pytest_racecheck.runtime.threads.handles import handle_of


def test_threads_that_are_no_tasks_have_none():
    """The main thread and those that were not started are tied to nothing of ours."""
    assert handle_of(threading.main_thread()) is None
    assert handle_of(threading.Thread()) is None


def test_it_answers_as_the_original_does(explored):
    """Whatever is asked of it, as a handle or as a lock, it tells whether the thread has ended, and waits for that."""

    def program():
        gate = threading.Event()
        thread = threading.Thread(target=gate.wait)
        thread.start()
        handle = handle_of(thread)
        before = (
            handle.is_done(),
            handle.locked(),
            handle.acquire(False),
            handle.ident == thread.ident,
        )
        gate.set()
        handle.join()
        return before, (
            handle.is_done(),
            handle.locked(),
            handle.acquire(),
            handle.acquire(timeout=1),
        )

    assert (
        explored(program, 10).returned
        == [((False, True, False, True), (True, False, True, True))] * 10
    )


def test_a_task_cannot_join_itself(explored):
    """It would wait for ever."""

    def program():
        refused = []

        def work():
            with pytest.raises(RuntimeError, match="Cannot join current thread"):
                handle_of(threading.current_thread()).join()
            refused.append(True)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return refused

    assert explored(program, 2).returned == [[True]] * 2


def test_after_the_run_it_still_answers(explored):
    """A Thread object that outlives its run has ended, whether or not its thread had."""
    kept = []

    def program():
        kept.append(threading.Thread(target=threading.Event().wait, daemon=True))
        kept[-1].start()

    explored(program, 1)
    kept[0].join()
    assert not kept[0].is_alive()
    assert "stopped" in repr(kept[0])
