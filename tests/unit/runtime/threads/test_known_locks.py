"""Locks that were made before the campaign."""

from __future__ import annotations

import dataclasses
import queue
import threading
from types import BuiltinMethodType

import pytest

from pytest_racecheck.runtime.threads import locks, rlocks
from pytest_racecheck.runtime.threads.known_locks import REPLACEMENTS, KnownLocks

LOCK = threading.Lock()
RLOCK = threading.RLock()
CONDITION = threading.Condition()
QUEUE: queue.Queue = queue.Queue()
HELD: dict = {}


class Shared:
    """Has a lock for all of its instances, and a way to make one for each."""

    lock = threading.Lock()
    make = staticmethod(threading.Lock)


@dataclasses.dataclass
class Record:
    """Makes a lock for each instance."""

    lock: object = dataclasses.field(default_factory=threading.Lock)


def test_everybody_holds_controlled_locks_meanwhile():
    """Globals, class attributes, conditions and queues hold controlled locks inside the block, and their own again afterwards."""
    before = (LOCK, RLOCK, Shared.lock, CONDITION._lock, QUEUE.mutex)
    with KnownLocks(REPLACEMENTS):
        assert type(LOCK) is type(Shared.lock) is type(QUEUE.mutex) is locks.Lock
        assert type(RLOCK) is type(CONDITION._lock) is rlocks.RLock
        assert CONDITION.acquire.__self__ is CONDITION._lock
        assert QUEUE.not_empty._lock is QUEUE.mutex
        assert type(Shared.make()) is type(Record().lock) is locks.Lock
    assert all(
        a is b for a, b in zip(before, (LOCK, RLOCK, Shared.lock, CONDITION._lock, QUEUE.mutex))
    )
    assert type(CONDITION.acquire) is BuiltinMethodType


def test_locks_made_meanwhile_are_real_afterwards():
    """A lock that was made under control and lives on is then the real one that it has had inside, and its methods are bound to that."""
    with KnownLocks(REPLACEMENTS):
        made = HELD["lock"] = locks.Lock()
        HELD["condition"] = threading.Condition(made)
        del made
    assert type(HELD["lock"]) is type(LOCK)
    assert HELD["condition"].acquire.__self__ is HELD["lock"]


def test_the_books_of_threading_keep_their_locks():
    """The lock around the interpreter's list of threads is not exchanged."""
    before = threading._active_limbo_lock
    with KnownLocks(REPLACEMENTS):
        assert threading._active_limbo_lock is before


def test_a_known_lock_excludes(explored):
    """Two tasks are never both inside a lock, an RLock or a condition that was made at import."""
    for lock in ("LOCK", "RLOCK", "CONDITION"):

        def program(lock=lock):
            inside = []

            def enter():
                with globals()[lock]:
                    inside.append("in")
                    with Shared.lock:
                        inside.append("out")

            threads = [threading.Thread(target=enter) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return inside

        assert explored(program).returned == [["in", "out"] * 2] * 50


def test_what_a_run_leaves_taken_is_free_in_the_next(explored):
    """A daemon that is ended while it holds a module's lock accuses nobody, and the lock is free afterwards."""

    def program():
        taken, never = threading.Event(), threading.Event()

        def hold():
            LOCK.acquire()
            taken.set()
            never.wait()

        threading.Thread(target=hold, daemon=True).start()
        taken.wait()

    assert explored(program, 5).outcomes == {"passed": 5}
    assert not LOCK.locked()


def test_what_was_taken_before_is_taken_in_every_run(explored):
    """A lock that was held when the campaign began, and that a run releases, is held again in the next and at the end."""

    def program():
        held = LOCK.locked(), RLOCK._is_owned(), RLOCK._recursion_count()
        LOCK.release()
        RLOCK.release()
        RLOCK.release()
        thread = threading.Thread(target=RLOCK.acquire)
        thread.start()
        thread.join()
        return held

    LOCK.acquire()
    RLOCK.acquire()
    RLOCK.acquire()
    found = explored(program, 3)
    assert found.returned == [(True, True, 2)] * 3
    LOCK.release()
    RLOCK.release()
    RLOCK.release()
    assert not RLOCK._is_owned()


def test_two_tasks_never_stand_in_one_log_handler(explored, capsys):
    """The lock of a log handler that was made before the run keeps tasks apart."""
    import logging

    log = logging.getLogger("some.log")
    seen: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record):
            seen.append("in")
            with Shared.lock:
                seen.append("out")

    handler = Handler()
    log.addHandler(handler)
    try:

        def program():
            seen.clear()
            threads = [threading.Thread(target=log.warning, args=("x",)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return list(seen)

        assert explored(program).returned == [["in", "out"] * 2] * 50
    finally:
        log.removeHandler(handler)


@pytest.mark.parametrize("kind", [locks.Lock, rlocks.RLock])
def test_a_lock_that_is_only_half_made(kind) -> None:
    """An interrupt may come while one is made; nobody has it, and the end of a campaign passes it by."""
    half = kind.__new__(kind)
    with KnownLocks():
        pass
    assert not hasattr(half, "real")
