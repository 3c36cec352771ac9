"""Locks as tasks see them, and as everybody else does."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest

from pytest_racecheck.runtime.threads import locks

HELD = threading.Lock()


def in_two(*targets):
    """Run the targets in threads of their own, and wait for them."""
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_lock_excludes(explored):
    """What is done under a lock is not interrupted by who wants it, too; without it, it can be."""

    def program(lock=True):
        mutex, other, seen = threading.Lock(), threading.Lock(), []

        def inside():
            seen.append("in")
            with other:
                seen.append("out")

        def enter():
            if not lock:
                inside()
                return
            with mutex:
                inside()

        in_two(enter, enter)
        return seen == ["in", "out"] * 2

    assert explored(program).returned == [True] * 50
    # Each of 50 runs misses it with 1/2 at most: 1e-15.
    assert False in explored(lambda: program(lock=False)).returned


def test_taking_two_locks_in_two_orders_is_a_deadlock(explored):
    """The cycle is found and both tasks are named with who holds what they want."""

    def program():
        first, second = threading.Lock(), threading.Lock()

        def forth():
            with first, second:
                pass

        def back():
            with second, first:
                pass

        in_two(forth, back)

    # A schedule misses it with 3/4 at most, 100 of them with 1e-12.
    (failure,) = explored(program, 100).failures
    assert failure.startswith("deadlock")
    assert "forth-1 waits to acquire" in failure
    assert "back-1 waits to acquire" in failure


def test_a_lock_taken_twice_is_a_deadlock(explored):
    """A task that waits for a lock which it holds itself waits for ever."""

    def program():
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    (failure,) = explored(program, 2).failures
    assert failure.startswith("deadlock")


@pytest.mark.parametrize("timeouts", ["last", "any"])
def test_a_timed_acquire_comes_back(explored, timeouts):
    """A lock that nobody releases is not acquired, and the time that was asked for has passed by then."""
    import time

    def program():
        lock = threading.Lock()
        lock.acquire()
        began = time.monotonic()
        return lock.acquire(timeout=5), 5 <= time.monotonic() - began < 6

    assert explored(program, 5, timeouts=timeouts).returned == [(False, True)] * 5


@pytest.mark.parametrize("timeouts", ["last", "any"])
def test_a_timed_acquire_gets_what_is_released(explored, timeouts):
    """Who waits with a time limit gets the lock when it is released; that it comes to late only where time may pass at any point."""

    def program():
        lock, got = threading.Lock(), []
        lock.acquire()
        in_two(lambda: got.append(lock.acquire(timeout=1)), lock.release)
        return got[0]

    # Under "any" each run gives up with 1/4 at least.
    assert set(explored(program, 100, timeouts=timeouts).returned) == (
        {True} if timeouts == "last" else {True, False}
    )


def test_trying_does_not_wait(explored):
    """A lock that is taken is refused at once to who only tries."""

    def program():
        lock = threading.Lock()
        return lock.acquire(False), lock.acquire(False), lock.acquire(True, 0), lock.locked()

    assert explored(program, 2).returned == [(True, False, False, True)] * 2


def test_anybody_may_release(explored):
    """A lock is released by a task that has not taken it; one that is free is not."""

    def program():
        lock = threading.Lock()
        lock.acquire()
        in_two(lock.release)
        with pytest.raises(RuntimeError, match="release unlocked lock"):
            lock.release()
        return lock.locked()

    assert explored(program, 2).returned == [False] * 2


def test_looking_at_a_lock_lets_others_come_in(explored):
    """Who waits for a lock to be released by looking at it does see it released, and the run ends."""

    def program():
        lock = threading.Lock()
        lock.acquire()
        thread = threading.Thread(target=lock.release)
        thread.start()
        while lock.locked():
            pass
        thread.join()

    assert explored(program, 20).outcomes == {"passed": 20}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((False, 1), ValueError), ((True, -2), ValueError), ((True, float("nan")), ValueError), ((True, 1e100), OverflowError),
        (("yes", "no"), TypeError),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_as_by_the_original(explored, arguments, error):
    """What cannot be meant raises what the original raises."""
    with pytest.raises(error):
        threading.Lock().acquire(*arguments)

    def program():
        with pytest.raises(error):
            threading.Lock().acquire(*arguments)

    assert explored(program, 1).outcomes == {"passed": 1}


def test_a_foreign_thread_that_holds_a_lock_is_waited_for(explored):
    """A task that wants what a thread out of control holds gets it when that one is done; nobody is accused."""
    taken, wanted = threading.Event(), threading.Event()

    def hold():
        with HELD:
            taken.set()
            wanted.wait(10)

    def program():
        def want():
            wanted.set()
            with HELD:
                return

        in_two(want)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(10)
    assert explored(program, 3).outcomes == {"passed": 3}
    thread.join()


def test_a_foreign_thread_that_signals_is_waited_for(explored):
    """What a task waits for under a Condition may come from a thread out of control."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        def program():
            return pool.submit(len, "abc").result()

        assert explored(program, 5).returned == [3] * 5


def test_the_end_of_a_run_ends_who_waits(explored):
    """A daemon that waits for a lock is ended with the run, and its `finally` runs."""
    left: list[str] = []

    def program():
        lock, begun = threading.Lock(), threading.Event()
        lock.acquire()

        def wait():
            begun.set()
            try:
                lock.acquire()
            finally:
                left.append("left")

        threading.Thread(target=wait, daemon=True).start()
        begun.wait()

    assert explored(program, 10).outcomes == {"passed": 10}
    assert left == ["left"] * 10


def test_outside_a_run_it_is_a_plain_lock():
    """Without a run everything goes to the real lock inside."""
    lock = locks.Lock()
    assert lock.acquire()
    assert not lock.acquire(False)
    assert lock.locked()
    assert "<locked _thread.lock object at" in repr(lock)
    lock.release()
    assert "<unlocked" in repr(lock)
    with pytest.raises(RuntimeError):
        lock.release()


def test_it_can_be_neither_derived_from_nor_copied():
    """What the original refuses is refused."""
    with pytest.raises(TypeError):
        type("Mine", (locks.Lock,), {})
    with pytest.raises(TypeError):
        pickle.dumps(locks.Lock())
    with pytest.raises(TypeError):
        copy.copy(locks.Lock())
    with pytest.raises(TypeError):
        locks.Lock(1)
