"""Threads of the program as tasks."""

from __future__ import annotations

import _thread
import contextvars
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait

import pytest


def test_a_started_thread_runs_and_is_waited_for(explored):
    """Join returns when the thread has ended, with all that it did."""

    def program():
        done = []
        thread = threading.Thread(target=lambda: done.append("done"))
        thread.start()
        thread.join()
        return done

    assert explored(program).returned == [["done"]] * 50


def test_starting_and_joining_raise_what_the_originals_raise(explored):
    """A thread is started once, joined after that, and not by itself."""

    class Forgetful(threading.Thread):
        def __init__(self):
            pass

    def program():
        thread = threading.Thread(target=int)
        with pytest.raises(RuntimeError, match="cannot join thread before it is started"):
            thread.join()
        thread.start()
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            thread.start()
        with pytest.raises(RuntimeError, match="cannot set daemon status of active thread"):
            thread.daemon = True
        thread.join()
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            thread.start()
        with pytest.raises(RuntimeError, match="cannot join current thread"):
            threading.current_thread().join()
        with pytest.raises(RuntimeError, match="__init__\\(\\) not called"):
            Forgetful().start()
        with pytest.raises(RuntimeError, match="Thread.__init__\\(\\) not called"):
            Forgetful().join()

    assert explored(program, 3).outcomes == {"passed": 3}


def test_a_thread_sees_what_was_before_its_start_and_join_sees_all_of_it(explored):
    """Two threads that append under no lock: join orders everything before what comes after it."""

    def program():
        seen = []
        threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(seen)

    assert explored(program).returned == [[0, 1, 2]] * 50


def test_whether_a_thread_is_alive_can_be_asked_in_between(explored):
    """Who polls sees the thread both alive and not, and others come in meanwhile."""

    def program():
        gate = threading.Lock()
        thread = threading.Thread(target=gate.acquire)
        before = thread.is_alive()
        thread.start()
        first = thread.is_alive()
        while thread.is_alive():
            pass
        thread.join()
        return before, first, thread.is_alive()

    # Each run sees either with 1/3 at least: missed by 50 with 2e-9.
    assert set(explored(program).returned) == {(False, True, False), (False, False, False)}


def test_that_a_thread_has_done_its_work_does_not_mean_that_it_has_ended(explored):
    """A thread that has just set an Event may still be alive."""

    def program():
        done = threading.Event()
        thread = threading.Thread(target=done.set)
        thread.start()
        done.wait()
        return thread.is_alive()

    # Each run sees either with 1/4 at least: missed by 100 with 4e-13.
    assert set(explored(program, 100).returned) == {True, False}


@pytest.mark.parametrize("timeouts", ["last", "any"])
def test_a_timed_join_comes_back(explored, timeouts):
    """Join gives up when nobody can go on and time has passed; the thread is then still alive."""

    def program():
        never = threading.Event()
        thread = threading.Thread(target=never.wait, daemon=True)
        thread.start()
        began = time.monotonic()
        thread.join(3)
        thread.join(-1)
        thread.join(0)
        return thread.is_alive(), 3 <= time.monotonic() - began < 4

    assert explored(program, 10, timeouts=timeouts).returned == [(True, True)] * 10


def test_who_gave_up_joining_is_not_woken_by_the_end(explored):
    """A task that waits for something else by then goes on waiting for that."""

    def program():
        gate, other = threading.Event(), threading.Event()

        def first():
            gate.wait(5)

        thread = threading.Thread(target=first)
        thread.start()
        thread.join(1)
        late = threading.Timer(10, other.set)
        late.start()
        other.wait()
        return other.is_set(), thread.is_alive()

    assert explored(program, 10).returned == [(True, False)] * 10


def test_what_a_thread_raises_fails_the_run(explored):
    """An uncaught exception is named with the thread; the others go on."""

    def program():
        done = []

        def fail():
            raise ZeroDivisionError("oops")

        def other():
            done.append("done")

        threads = [threading.Thread(target=fail), threading.Thread(target=other, name="my own")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done

    found = explored(program, 3)
    (failure,) = found.failures
    assert "ZeroDivisionError: oops" in failure
    assert found.returned == [["done"]] * 3


def test_what_the_programs_own_hook_handles_is_no_failure(explored, monkeypatch):
    """An excepthook of the user's gets what CPython would give it."""
    handled = []

    def hook(args):
        handled.append((args.exc_type, args.thread.name))

    monkeypatch.setattr(threading, "excepthook", hook)

    def program():
        thread = threading.Thread(target=lambda: 1 / 0, name="divider")
        thread.start()
        thread.join()

    assert explored(program, 2).outcomes == {"passed": 2}
    assert handled == [(ZeroDivisionError, "divider")] * 2


def test_leaving_by_system_exit_is_no_failure(explored):
    """SystemExit ends a thread silently."""

    def leave():
        raise SystemExit

    def program():
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        _thread.start_new_thread(leave, ())

    assert explored(program, 2).outcomes == {"passed": 2}


class Worker(threading.Thread):
    """Overrides what may be overridden."""

    def __init__(self, amount):
        super().__init__(name="a worker", daemon=True)
        self.amount = amount
        self.result = None

    def run(self):
        self.result = self.amount * 2

    def join(self, timeout=None):
        super().join(timeout)
        return self.result


def test_subclasses_run_what_they_override(explored):
    """`__init__`, `run` and `join` of a subclass are called."""

    def program():
        worker = Worker(4)
        worker.start()
        return worker.join()

    assert explored(program, 5).returned == [8] * 5


def test_a_thread_made_before_the_run_is_started_inside(explored):
    """It is a task all the same, and ends as one."""
    made = threading.Thread(target=int)
    alive = []

    def program():
        made.start()
        made.join()
        alive.append(made.is_alive())

    assert explored(program, 1).outcomes == {"passed": 1}
    assert alive == [False]
    made.join()
    assert not made.is_alive()
    assert "stopped" in repr(made)


def test_a_thread_made_in_a_run_is_started_outside(explored):
    """It then is an ordinary thread."""
    made = []
    assert explored(lambda: made.append(threading.Thread(target=int)), 1).failures == []
    made[0].start()
    made[0].join()
    assert not made[0].is_alive()


def test_a_foreign_thread_is_joined(explored):
    """A thread that was started before the campaign ends in real time, and the task waits for it."""
    gate = threading.Event()
    foreign = threading.Thread(target=gate.wait)
    foreign.start()

    def program():
        gate.set()
        foreign.join()
        return foreign.is_alive()

    assert explored(program, 2).returned == [False] * 2


def test_nothing_of_a_run_stays_in_the_books_of_threading(explored):
    """No thread of a run is left among those that threading knows, also when it did not end."""

    def program():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        threading.Thread(target=threading.current_thread).start()
        _thread.start_new_thread(threading.current_thread, ())

    books = [threading._active, threading._limbo]
    before = [dict(book) for book in books]
    shutdown = set(getattr(threading, "_shutdown_locks", ()))
    explored(program, 5)
    assert [dict(book) for book in books] == before
    assert set(getattr(threading, "_shutdown_locks", ())) == shutdown
    assert vars(threading.Thread)["start"].__module__ == "threading"


def test_threads_start_threads(explored):
    """A thread's own threads are tasks, and their names tell whose they are."""

    def program():
        names = []

        def inner():
            names.append(threading.get_ident() != outer.ident)

        def outer_target():
            threads = [threading.Thread(target=inner) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        outer = threading.Thread(target=outer_target)
        outer.start()
        outer.join()
        return names

    assert explored(program).returned == [[True, True]] * 50


@pytest.mark.skipif(
    not hasattr(_thread, "start_joinable_thread"), reason="threads have handles from 3.13 on"
)
def test_raw_threads_with_handles_are_tasks_too(explored):
    """`_thread.start_joinable_thread` makes a task, and a handle that its own thread may not join."""

    def program():
        refused, handles = [], []
        began = threading.Event()

        def join_itself():
            began.wait()
            with pytest.raises(RuntimeError, match="Cannot join current thread"):
                handles[0].join()
            refused.append(True)

        handles.append(_thread.start_joinable_thread(join_itself))
        began.set()
        handles[0].join()
        return handles[0].is_done(), refused

    assert all(result == (True, [True]) for result in explored(program, 10).returned)


def test_raw_threads_are_tasks_too(explored):
    """`_thread.start_new_thread` makes a task, and refuses what the original refuses."""

    def program():
        done = threading.Event()
        ident = _thread.start_new_thread(done.set, ())
        done.wait()
        with pytest.raises(TypeError):
            _thread.start_new_thread("no function", ())
        with pytest.raises(TypeError):
            _thread.start_new_thread(int, [])
        with pytest.raises(TypeError):
            _thread.start_new_thread(int, (), [])
        return ident != threading.get_ident()

    assert explored(program, 10).returned == [True] * 10


def test_a_thread_begins_with_a_context_of_its_own(explored):
    """What it sets in a context variable is not seen by who started it."""
    variable = contextvars.ContextVar("variable", default="default")

    def program():
        seen = []

        def look():
            seen.append(variable.get())
            variable.set("inner")

        variable.set("outer")
        for _ in range(2):
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
        return seen, variable.get()

    assert explored(program, 5).returned == [(["default"] * 2, "outer")] * 5


def test_a_class_in_the_place_of_thread(explored, monkeypatch):
    """A project's own class there makes tasks like any other, and nothing is left in it."""

    class Own(threading.Thread):
        """A thread with a list of what it has done."""

        def __init__(self, *arguments, **words):
            super().__init__(*arguments, **words)
            self.done = []

    monkeypatch.setattr(threading, "Thread", Own)

    def body():
        thread = threading.Thread(target=int)
        thread.done.append("made")
        thread.start()
        thread.join()
        assert type(thread) is Own

    explored(body)
    assert not {"start", "run", "_bootstrap_inner", "__hash__"} & set(vars(Own))


def test_a_daemon_that_goes_on_for_ever_is_not_waited_for(explored):
    """The run ends with its threads that are no daemons."""

    def program():
        gate = threading.Event()

        def forever():
            while True:
                gate.wait(1)

        threading.Thread(target=forever, daemon=True).start()

    assert explored(program, 3).outcomes == {"passed": 3}


def test_timers_go_off_in_virtual_time(explored):
    """A Timer of an hour takes none, one that was cancelled does nothing."""

    def program():
        called = []
        late, never = (
            threading.Timer(3600, called.append, ["late"]),
            threading.Timer(60, called.append, ["never"]),
        )
        late.start()
        never.start()
        never.cancel()
        late.join()
        never.join()
        return called

    assert explored(program, 10).returned == [["late"]] * 10


def test_the_rest_of_threading_runs_on_top(explored):
    """Conditions, semaphores, events and barriers do what they promise in every schedule."""

    def program():
        barrier, semaphore, most, inside = (
            threading.Barrier(3),
            threading.BoundedSemaphore(2),
            [0],
            [],
        )

        def work():
            barrier.wait()
            with semaphore:
                inside.append(1)
                most[0] = max(most[0], len(inside))
                barrier_passed.acquire()
                barrier_passed.release()
                inside.pop()

        barrier_passed = threading.Semaphore(1)
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with pytest.raises(ValueError):
            semaphore.release()
        return most[0] <= 2

    assert explored(program).returned == [True] * 50


def test_executors_run_on_top(explored):
    """Submitted work comes back, by wait, as_completed and map; the pool shuts down, and no worker is left."""

    def program():
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(pow, n, 2) for n in range(3)]
            first = wait(futures, return_when=FIRST_COMPLETED)
            results = sorted(future.result() for future in as_completed(futures))
            mapped = list(pool.map(abs, [-1, -2]))
            failed = pool.submit(divmod, 1, 0)
            assert isinstance(failed.exception(), ZeroDivisionError)
        with pytest.raises(RuntimeError):
            pool.submit(int)
        return bool(first.done), results, mapped

    found = explored(program)
    assert found.outcomes == {"passed": 50}
    assert found.returned == [(True, [0, 1, 4], [1, 2])] * 50


def test_a_deadlock_in_a_pool_is_found(explored):
    """Work that waits for work behind it in the queue of a pool of one."""

    def program():
        with ThreadPoolExecutor(1) as pool:

            def outer():
                return pool.submit(int).result()

            pool.submit(outer).result()

    (failure,) = explored(program, 2).failures
    assert failure.startswith("deadlock")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="there is none before 3.13")
def test_a_thread_started_with_a_handle_is_a_task(explored):
    """`_thread.start_joinable_thread` starts none of the operating system, and its handle is joined like a thread."""

    def program():
        ran = []
        before = threading.active_count()
        handle = _thread.start_joinable_thread(lambda: ran.append(threading.get_ident()))
        handle.join()
        return handle.is_done(), ran == [handle.ident], threading.active_count() == before

    assert set(explored(program, 10).returned) == {(True, True, True)}


def test_a_thread_whose_target_is_written_in_c_begins_with_a_choice(explored):
    """There is no hook in it, and it is not over as soon as it is started: both orders come about.

    Each does in a third of random schedules at least: 50 miss one with a probability below 1e-8.
    """

    def program():
        noted = []
        threads = [threading.Thread(target=noted.append, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return tuple(noted)

    assert set(explored(program, 50).returned) == {(0, 1), (1, 0)}
