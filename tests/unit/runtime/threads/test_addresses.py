"""What programs see of where objects lie."""

from __future__ import annotations

import builtins
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

REAL = id
KEPT = [[]]


class Account:
    """Something with an address."""


def test_the_order_of_addresses_is_that_of_the_first_question(explored):
    """From the second run on it does not depend on where the allocator puts what."""

    def program():
        accounts = [Account() for _ in range(20)]
        order = [accounts[place] for place in (7, 3, 11, 5)]
        for one in order:
            id(one)
        return sorted(order, key=id) == order, len({id(one) for one in accounts})

    assert set(explored(program, 10).returned[2:]) == {(True, 20)}


def test_what_was_there_before_keeps_its_address(explored):
    """The program may have noted it."""
    known = REAL(KEPT[0])
    assert set(explored(lambda: id(KEPT[0]) == known, 5).returned) == {True}


def test_an_object_keeps_its_number_as_long_as_it_lives(explored):
    """And one that has died may have its address taken by another, but not the number."""

    def program():
        one = Account()
        before = id(one)
        same = id(one) == before
        del one
        return same, id(Account()) != before

    assert set(explored(program, 5).returned[2:]) == {(True, True)}


def test_sets_of_futures_and_threads_are_in_the_order_in_which_they_were_made(explored):
    """In every run, whatever else is on the heap."""
    junk = []

    def program():
        junk.append([Account() for _ in range(len(junk) * 7)])
        futures = [Future() for _ in range(8)]
        threads = [threading.Thread() for _ in range(8)]
        return [one for one in set(futures)] == futures, list(set(threads)) == threads

    assert set(explored(program, 5).returned) == {(True, True)}


def test_to_wait_for_many_futures_is_a_function_of_the_schedule(explored):
    """`as_completed` takes their locks in the order of their addresses."""

    def program():
        with ThreadPoolExecutor(2) as pool:
            return sorted(
                one.result() for one in as_completed([pool.submit(int, n) for n in range(4)])
            )

    assert set(map(tuple, explored(program, 30).returned)) == {(0, 1, 2, 3)}


def test_afterwards_all_is_as_it_was(explored):
    """Outside of a campaign an address is an address."""
    explored(lambda: id(KEPT), 2)
    assert builtins.id is REAL
    assert hash(Future) and Future.__hash__ is object.__hash__
