"""Locks of multiprocessing, and what is made of them."""

from __future__ import annotations

import multiprocessing
import threading

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict

FORK = multiprocessing.get_context("fork")


def in_order(one, other) -> None:
    with one:
        with other:
            pass


def in_reverse(one, other) -> None:
    with other:
        with one:
            pass


@pytest.mark.parametrize("kind", one_of_each_kind(["lock", "condition"], {"lock"}))
def test_a_deadlock(race, kind, shrinking) -> None:
    """Two tasks that take two locks in opposite orders: names, holders and lines of both are told, and one preemption brings it about."""
    report = race(
        [in_order, in_reverse],
        setup=lambda s: (getattr(s, kind)(), getattr(s, kind)()),
        schedules=30,
    )
    report.assert_racy()
    assert (report.failure.kind, report.failure.preemptions) == ("deadlock", 1)
    text = " ".join(str(report).split())
    first = in_order.__code__.co_firstlineno
    second = in_reverse.__code__.co_firstlineno
    assert (
        f"in_order-1 waits to acquire other at test_semaphores.py:{first + 2}, held by in_reverse-1 since"
        f" test_semaphores.py:{second + 1}" in text
    )
    assert (
        f"in_reverse-1 waits to acquire one at test_semaphores.py:{second + 2}, held by in_order-1 since"
        f" test_semaphores.py:{first + 1}" in text
    )


def test_the_safe_order_is_not_reported(race) -> None:
    """The same locks, always in the same order."""
    report = race([in_order, in_order], setup=lambda s: (s.lock(), s.lock()), schedules=15)
    assert report.verdict is Verdict.NOT_FOUND


def take_again(lock, value) -> None:
    with lock:
        with lock:
            value.value += 1


def test_an_rlock_belongs_to_its_task(race) -> None:
    """Whoever has it can take it again, and nobody else can meanwhile."""
    report = race(
        take_again,
        setup=lambda s: (s.rlock(), s.value("i", 0)),
        check=lambda _, value: value.value == 2,
        schedules=15,
    )
    assert report.verdict is Verdict.NOT_FOUND


def test_a_lock_does_not_belong_to_its_task(race) -> None:
    """Whoever has a plain one waits for ever if it is taken again; that needs no race."""
    report = race([take_again, in_order], setup=lambda s: (s.lock(), s.value("i", 0)), schedules=3)
    assert report.failure.kind == "deadlock"


def enter(room, inside, most) -> None:
    with room:
        with inside.get_lock():
            inside.value += 1
            most.value = max(most.value, inside.value)
        with inside.get_lock():
            inside.value -= 1


def test_a_semaphore_lets_in_as_many_as_it_says(race) -> None:
    """Never more than two of three are inside, and under some schedule two are."""
    seen = set()

    def check(_room, _inside, most) -> bool:
        seen.add(most.value)
        return most.value <= 2

    report = race(
        enter,
        workers=3,
        setup=lambda s: (s.semaphore(2), s.value("i", 0), s.value("i", 0)),
        check=check,
        schedules=20,
    )
    assert report.verdict is Verdict.NOT_FOUND
    assert seen == {1, 2}


def give_back(semaphore) -> None:
    semaphore.release()


def test_a_bounded_semaphore_knows_its_bounds(body) -> None:
    """One release too many is an error, in whichever process it happens."""

    def program() -> None:
        semaphore = FORK.BoundedSemaphore(1)
        semaphore.acquire()
        processes = [FORK.Process(target=give_back, args=(semaphore,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

    report = body(program, schedules=3)
    assert report.failures == report.runs
    assert set(report.outcomes) == {"ValueError: semaphore or lock released too many times"}


def wait_for(condition, flag) -> None:
    with condition:
        condition.wait_for(lambda: flag.value)


def announce(condition, flag) -> None:
    with condition:
        flag.value = 1
        condition.notify_all()


def wait_blindly(condition, _flag) -> None:
    with condition:
        condition.wait()


def test_a_condition(race) -> None:
    """Who waits for a state is woken under every schedule; who only waits may come too late, and that has a name."""
    words = {"setup": lambda s: (s.condition(), s.value("i", 0)), "schedules": 20}
    assert race([wait_for, wait_for, announce], **words).verdict is Verdict.NOT_FOUND
    report = race([wait_blindly, announce], **words)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("lost wake-up", "condition")


def wait_a_while(condition, _flag) -> None:
    with condition:
        assert not condition.wait(timeout=3_600)


def test_time_is_virtual(race) -> None:
    """An hour passes at once when nobody can go on, and not before."""
    report = race(
        [wait_a_while, wait_for],
        setup=lambda s: (s.condition(), s.value("i", 1)),
        schedules=5,
    )
    assert report.verdict is Verdict.NOT_FOUND


def wait_and_pass(event, barrier, passed) -> None:
    event.wait()
    barrier.wait()
    with passed.get_lock():
        passed.value += 1


def set_event(event, _barrier, _passed) -> None:
    assert not event.is_set()
    event.set()


def test_an_event_and_a_barrier(race) -> None:
    """Everybody gets through, under every schedule."""
    report = race(
        [wait_and_pass, wait_and_pass, set_event],
        setup=lambda s: (s.event(), s.barrier(2), s.value("i", 0)),
        check=lambda _event, _barrier, passed: passed.value == 2,
        schedules=10,
    )
    assert report.verdict is Verdict.NOT_FOUND


def test_a_barrier_that_lacks_somebody(race) -> None:
    """Two of three wait for ever; told with the line."""
    report = race(
        wait_and_pass, setup=lambda s: (_is_set(s.event()), s.barrier(3), s.value("i", 0)), schedules=2
    )  # fmt: skip
    assert report.failure.kind == "deadlock"
    text = " ".join(str(report).split())
    assert "waits in barrier" in text
    assert "nobody is left to wake it" in text


def _is_set(event):
    event.set()
    return event


def try_it(lock, value) -> None:
    if lock.acquire(timeout=0.5):
        value.value += 1
        lock.release()
    elif lock.acquire(block=False):
        value.value += 1
        lock.release()


def test_acquiring_in_vain(body) -> None:
    """Who does not wait, or not for long, goes on without; a lock that was taken before the run is known to be."""

    def program() -> None:
        lock, value = FORK.Lock(), FORK.Value("i", 0)
        lock.acquire()
        processes = [FORK.Process(target=try_it, args=(lock, value)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert value.value == 0
        lock.release()
        with pytest.raises(ValueError, match="too many times"):
            lock.release()

    assert body(program, schedules=6).failures == 0


def count_in_threads(lock, value) -> None:
    def add() -> None:
        with lock:
            value.value += 1

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("kind", one_of_each_kind(["lock", "rlock"], {"rlock"}))
def test_threads_of_processes_share_a_lock(race, kind) -> None:
    """To the system all tasks of a process are one thread; a lock keeps them apart all the same."""
    report = race(
        count_in_threads,
        setup=lambda s: (getattr(s, kind)(), s.value("i", 0)),
        check=lambda _, value: value.value == 4,
        schedules=10,
    )
    assert report.verdict is Verdict.NOT_FOUND
