"""Who held what when earlier campaigns began."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import deque

import pytest

from pytest_racecheck.runtime.threads.holders import exchange
from pytest_racecheck.runtime.threads.known_holders import KnownHolders, references_besides

REAL = type(threading.Lock())


class Plain:
    """Holds in its dictionary."""


class Pairing:
    """Exchanges the first lock near a holder for a string, again and again, as campaigns do."""

    def __init__(self) -> None:
        self.known = KnownHolders()
        self.found = 0

    def exchange(self, holder):
        """Exchange it, and put it back; returns about how many objects the garbage collector was asked."""
        self.known.look_up(references_besides({0: (threading.Lock(), "controlled")}))
        undo = exchange({id(one): (one, "controlled") for one in locks_of(holder)}, (), self.known)
        self.found = len(undo)
        while undo:
            undo.pop()()
        return self.known.asked


@pytest.fixture
def pairing():
    """Exchanges of locks that remember each other."""
    return Pairing()


HELD = threading.Lock()


def in_module():
    return globals()


def in_instance():
    holder = Plain()
    holder.lock = threading.Lock()
    return holder


def in_list_of_instance():
    holder = Plain()
    holder.locks = [threading.Lock()]
    return holder


def in_tuple_in_dict_of_class():
    class Holder:
        locks = {"one": (threading.Lock(),)}  # noqa: RUF012

    return Holder


def in_closure():
    lock = threading.Lock()
    return lambda: lock


def in_default():
    def holder(lock=threading.Lock()):  # noqa: B008
        return lock

    return holder


PLACES = [in_module, in_instance, in_list_of_instance, in_tuple_in_dict_of_class, in_closure, in_default]  # fmt: skip


def locks_of(holder):
    """The locks near it, found by the garbage collector's own way."""
    if holder is globals():
        return [HELD]
    level = [holder]
    for _ in range(5):
        level = gc.get_referents(*level)
        found = [one for one in level if type(one) is REAL]
        if found:
            return found[:1]
    raise AssertionError(holder)


needs_counts = pytest.mark.skipif(
    not KnownHolders.counts, reason="references are not counted in one place"
)


@needs_counts
@pytest.mark.parametrize("make", PLACES)
def test_the_third_time_nobody_is_asked(pairing, make):
    """Once to find them, once more to see that they stay, and then they are known, with all that is on the way to them."""
    holder = make()
    rounds = [(pairing.exchange(holder), pairing.found) for _ in range(5)]
    assert rounds[0][0] > 0
    assert [asked for asked, _ in rounds[3:]] == [0, 0]
    assert len({found for _, found in rounds}) == 1
    assert rounds[0][1] > 0


@pytest.mark.parametrize("make", PLACES)
def test_a_new_holder_is_found(pairing, make):
    """Whoever comes by a lock later is found although the others are known."""
    holder = make()
    for _ in range(4):
        pairing.exchange(holder)
    before = pairing.found
    other = Plain()
    other.mine = locks_of(holder)
    pairing.exchange(holder)
    assert pairing.found == before + 1
    del other.mine[:]
    pairing.exchange(holder)
    assert pairing.found == before


def test_a_holder_that_takes_the_place_of_another_one_is_found(pairing):
    """As many references as before are not enough: they have to be those that were counted."""
    holder = Plain()
    holder.lock = threading.Lock()
    for _ in range(4):
        pairing.exchange(holder)
    holder.there = [vars(holder).pop("lock")]
    pairing.exchange(holder)
    assert pairing.found == 1


def test_what_does_not_hold_any_longer_is_left_alone(pairing):
    """A known holder that holds another lock by now is not changed."""
    holder, other = Plain(), Plain()
    holder.lock = other.lock = threading.Lock()
    for _ in range(4):
        pairing.exchange(other)
    own = holder.lock = threading.Lock()
    pairing.exchange(other)
    assert pairing.found == 1
    assert holder.lock is own


def test_nothing_is_kept_alive(pairing):
    """Known holders go when everybody else has let go of them."""
    holder = in_list_of_instance()
    for _ in range(4):
        pairing.exchange(holder)
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None
    pairing.exchange(in_instance())
    assert not any(pairing.known._roots)


def test_what_cannot_be_changed_takes_nothing_from_others(pairing):
    """A lock in a deque stays there; whoever comes by it later is found all the same."""
    holder = Plain()
    holder.waiting = deque([threading.Lock()])
    for _ in range(4):
        pairing.exchange(holder)
    assert pairing.found == 0
    other = {"locks": locks_of(holder)}
    pairing.exchange(holder)
    assert pairing.found == 1
    del other


@needs_counts
def test_registries_of_the_interpreter_are_known(pairing):
    """What only a list of functions holds, and nobody that list, as with `os.register_at_fork`, is looked up there."""
    registry = [threading.Lock().acquire]
    for _ in range(4):
        pairing.known.look_up({})
        (undo,) = exchange({id(one): (one, print) for one in registry}, (), pairing.known)
        assert registry == [print]
        undo()
        assert registry != [print]
    assert pairing.known.asked == 0
    assert pairing.known._registries == [registry]
    del registry, undo
    pairing.exchange(in_instance())
    assert pairing.known._registries == []
