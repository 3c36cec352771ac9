"""References to an object, wherever they can be changed."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict

import pytest

from pytest_racecheck.runtime.threads.holders import exchange


class Old:
    """What is held."""


class New:
    """What is to be held."""


class Plain:
    """Holds in its dictionary."""


class Slotted:
    """Holds in a slot."""

    __slots__ = ("held",)


OLD, NEW = Old(), New()


def in_dict():
    holder = {"held": OLD}
    return lambda: holder["held"]


def in_list():
    holder = [None, OLD]
    return lambda: holder[1]


def in_instance():
    holder = Plain()
    holder.held = OLD
    return lambda: holder.held


def in_instance_with_own_dict():
    holder = Plain()
    vars(holder)["held"] = OLD
    return lambda: holder.held


def in_slot():
    holder = Slotted()
    holder.held = OLD
    return lambda: holder.held


def in_cell():
    held = OLD
    return lambda: held


def in_class():
    class Holder:
        held = OLD

    for _ in range(100):  # the interpreter remembers where it has found it
        assert Holder.held is not None
    return lambda: Holder.held


def in_static_method():
    class Holder:
        held = staticmethod(OLD)

    return lambda: Holder.held


def in_default():
    def holder(held=OLD):
        return held

    return holder


def in_keyword_default():
    def holder(*, held=OLD):
        return held

    return holder


def in_defaultdict():
    holder = defaultdict(int)
    holder["held"] = OLD
    return lambda: holder["held"]


def in_partial():
    holder = [functools.partial(lambda held: held, OLD)]
    return lambda: holder[0]()


@pytest.mark.parametrize(
    "make",
    [
        in_dict, in_list, in_instance, in_instance_with_own_dict, in_slot, in_cell, in_class, in_static_method, in_default,
        in_keyword_default, in_defaultdict, in_partial,
    ],
)  # fmt: skip
def test_each_kind_of_holder_is_changed_and_put_back(make):
    """Whoever holds the object holds the other one meanwhile, and the object again when it is undone."""
    ask = make()
    undo = exchange({id(OLD): (OLD, NEW)}, [(globals(), "OLD")])
    meanwhile = ask()
    for one in undo:
        one()
    assert (meanwhile, ask()) == (NEW, OLD)


def test_what_is_spared_keeps_what_it_has():
    """A name in a dictionary that is spared is not changed, its other names are."""
    holder = {"kept": OLD, "changed": OLD}
    undo = exchange({id(OLD): (OLD, NEW)}, [(holder, "kept"), (globals(), "OLD")])
    assert holder == {"kept": OLD, "changed": NEW}
    for one in undo:
        one()


def test_what_was_rebound_meanwhile_is_not_undone():
    """Undoing leaves alone what the holder has been given since."""
    holder, listed = {"held": OLD}, [OLD]
    undo = exchange({id(OLD): (OLD, NEW)}, [(globals(), "OLD")])
    holder["held"] = "something else"
    listed.clear()
    for one in undo:
        one()
    assert holder == {"held": "something else"}
    assert listed == []


def test_nothing_to_exchange_is_nothing_to_undo():
    """Without pairs nobody is asked."""
    assert exchange({}) == []


def test_methods_are_exchanged_wherever_they_are_held():
    """Those of a lock mostly beside it; one that somebody else has as well is found, too, and all of it is put back."""
    lock, new = threading.Lock(), threading.Lock()
    acquire, other = lock.acquire, new.acquire
    beside = {"lock": lock, "acquire": acquire}
    elsewhere, inside = [acquire], ((acquire,),)
    holder = {"inside": inside}
    pairs = {id(lock): (lock, new), id(acquire): (acquire, other)}
    undo = exchange(pairs)
    assert beside == {"lock": new, "acquire": other}
    assert elsewhere == [other]
    assert holder["inside"][0][0] is other
    for step in reversed(undo):
        step()
    assert beside["acquire"] is elsewhere[0] is holder["inside"][0][0] is acquire


def test_a_class_that_nothing_in_it_names():
    """Whose attributes are exchanged through it all the same."""

    class Slotted:
        __slots__ = ()
        lock = threading.Lock()

    class Below(Slotted):
        __slots__ = ()
        lock = Slotted.lock

    lock, new = Slotted.lock, threading.Lock()
    undo = exchange({id(lock): (lock, new)})
    assert Slotted.lock is Below.lock is new
    for step in reversed(undo):
        step()
    assert Slotted.lock is Below.lock is lock
