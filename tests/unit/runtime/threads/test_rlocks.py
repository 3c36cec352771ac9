"""The lock that its owner may take again."""

from __future__ import annotations

import threading

import pytest

from pytest_racecheck.runtime.threads import rlocks

from .test_locks import in_two


def test_its_owner_takes_it_again_and_others_do_not(explored):
    """Nobody comes in before it was given back as often as it was taken."""

    def program():
        lock, other, seen = threading.RLock(), threading.Lock(), []

        def enter():
            with lock:
                with lock:
                    seen.append("in")
                with other:
                    seen.append("out")

        in_two(enter, enter)
        return seen

    assert explored(program).returned == [["in", "out"] * 2] * 50


def test_only_its_owner_gives_it_back(explored):
    """A task that has not taken it cannot release it."""

    def program():
        lock, refused = threading.RLock(), []

        def release():
            try:
                lock.release()
            except RuntimeError as error:
                refused.append(str(error))

        with lock:
            in_two(release)
        return refused

    assert explored(program, 5).returned == [["cannot release un-acquired lock"]] * 5


def test_waiting_on_a_condition_gives_it_back_altogether(explored):
    """A Condition's wait releases all levels, and restores them."""

    def program():
        lock = threading.RLock()
        condition = threading.Condition(lock)
        told = []

        def tell():
            with condition:
                told.append("told")
                condition.notify()

        with lock, condition:
            thread = threading.Thread(target=tell)
            thread.start()
            condition.wait_for(lambda: told)
            count = lock._recursion_count()
        thread.join()
        return count, lock._recursion_count(), lock._is_owned()

    assert explored(program).returned == [(2, 0, False)] * 50


def test_outside_a_run_it_is_a_plain_rlock():
    """Without a run everything goes to the real lock inside."""
    lock = rlocks.RLock()
    with lock, lock:
        assert lock._is_owned()
        assert lock._recursion_count() == 2
        assert lock._is_taken()
    assert not lock._is_owned()
    assert "<unlocked _thread.RLock object" in repr(lock)
    with pytest.raises(RuntimeError):
        lock.release()


def test_a_condition_works_outside_a_run():
    """Saving and restoring go to the real lock, too."""
    condition = threading.Condition(rlocks.RLock())
    with condition, condition:
        assert not condition.wait(0.001)


def test_it_can_be_derived_from():
    """Unlike a Lock."""
    assert type("Mine", (rlocks.RLock,), {})().acquire()
