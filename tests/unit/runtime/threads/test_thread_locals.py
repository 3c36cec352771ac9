"""`threading.local` per task."""

from __future__ import annotations

import threading
import weakref

import pytest

from .test_locks import in_two

BEFORE = threading.local()


class WithDefault(threading.local):
    """Each thread begins with what `__init__` gives it."""

    def __init__(self, amount):
        self.amount = amount


DEFAULTED = WithDefault(7)


class Value:
    """Something that can be seen to go."""


@pytest.mark.parametrize("where", ["before", "within"])
def test_tasks_do_not_see_each_others_values(explored, where):
    """A local holds what the task itself has put there, whether it was made before the run or in it."""

    def program():
        local, gate, seen = BEFORE if where == "before" else threading.local(), threading.Lock(), []

        def work(name):
            seen.append(hasattr(local, "name"))
            local.name = name
            with gate:
                pass
            seen.append(local.name == name)

        local.name = "main"
        in_two(lambda: work("a"), lambda: work("b"))
        return sorted(seen), local.name

    assert explored(program).returned == [([False, False, True, True], "main")] * 50


@pytest.mark.parametrize("where", ["before", "within"])
def test_subclasses_begin_anew_in_each_task(explored, where):
    """Their `__init__` is called with the same arguments for every task that looks."""

    def program():
        local, seen = DEFAULTED if where == "before" else WithDefault(7), []

        def work():
            seen.append(local.amount)
            local.amount += 1

        in_two(work, work)
        return seen, local.amount

    assert explored(program).returned == [([7, 7], 7)] * 50


def test_the_main_task_sees_what_its_thread_had(explored):
    """Values from before the run are there, and those of the run stay."""
    BEFORE.earlier = "earlier"

    def program():
        BEFORE.later = "later"
        return BEFORE.earlier

    assert explored(program, 3).returned == ["earlier"] * 3
    assert BEFORE.later == "later"


def test_values_die_with_their_task(explored):
    """What a thread has put into a local goes when it ends."""

    def program():
        kept = []

        def work():
            BEFORE.value = Value()
            kept.append(weakref.ref(BEFORE.value))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return kept[0]()

    assert explored(program, 3).returned == [None] * 3


def test_values_of_tasks_that_are_ended_with_the_run_die_too(explored):
    """Nothing of a daemon stays in a local."""
    kept = []

    def program():
        begun = threading.Event()

        def work():
            BEFORE.value = Value()
            kept.append(weakref.ref(BEFORE.value))
            begun.set()
            threading.Event().wait()

        threading.Thread(target=work, daemon=True).start()
        begun.wait()

    explored(program, 3)
    assert [one() for one in kept] == [None] * 3
    assert not hasattr(BEFORE, "value")
