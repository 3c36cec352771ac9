"""Who holds what, found without asking the objects."""

from __future__ import annotations

import gc
import threading
import types
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_racecheck.runtime.threads.resources import Resources, holder_of, is_a, own_dict


class Secretive:
    """Whoever asks it for anything runs its code."""

    def __init__(self) -> None:
        self.__dict__["value"] = 1

    def __getattribute__(self, name: str) -> object:
        """Nobody may."""
        if name == "__dict__":
            return object.__getattribute__(self, name)
        raise AssertionError(f"asked for {name}")


class SecretiveModule(types.ModuleType):
    """A module of that kind."""

    def __getattribute__(self, name: str) -> object:
        """Nobody may."""
        raise AssertionError(f"asked for {name}")


def test_nobody_is_asked_for_its_class() -> None:
    """What an object is comes from its type alone, unlike with `isinstance`."""
    assert is_a(Secretive(), Secretive)
    assert not is_a(Secretive(), (dict, type))
    assert is_a({}, dict)


def test_nobody_is_asked_for_its_attributes() -> None:
    """Holders and dictionaries are found in objects and modules that answer by running code."""
    secretive, module = Secretive(), SecretiveModule("m")
    assert own_dict(secretive) == {"value": 1}
    assert holder_of(secretive, "value") is secretive
    assert holder_of(module, "anything") is own_dict(module)
    assert own_dict(3) is None


def test_another_class_decides_about_every_attribute() -> None:
    """Once an object has been given another class it and its dictionary are one resource, until it dies."""
    resources, thing = Resources(), Secretive()
    before = resources.of(thing, "value")
    turned = resources.turn(thing, "__class__")
    assert before is not turned
    for name in ("value", "__class__"):
        assert resources.of(thing, name) is turned
    assert resources.of(own_dict(thing), "") is turned
    del thing
    gc.collect()
    assert not resources.turned


def test_resources_of_a_run_that_is_over_hold_nothing() -> None:
    """Whatever keeps one of them does not keep the others' holders."""
    resources, thing = Resources(), [Secretive()]
    watched = weakref.ref(thing[0])
    resources.of(thing, "")
    kept = resources.of(thing[0], "value")
    after = resources.renewed()
    del thing
    gc.collect()
    assert watched() is None
    assert resources.all == after.all == []
    assert kept.counts == {}


def test_a_pool_that_outlives_its_run_keeps_nothing_else_alive(explored) -> None:
    """The library keeps books of the threads of pools; what else there was in the run is free to go."""

    class Witness:
        pass

    witnesses: list[weakref.ref[Witness]] = []

    def program() -> None:
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        thread = threading.Thread(target=lambda: witness)
        thread.start()
        pool = ThreadPoolExecutor(1)
        pool.submit(lambda: witness).result()
        pool.shutdown()
        thread.join()

    explored(program, 12)
    gc.collect()
    assert sum(witness() is not None for witness in witnesses) <= 1


class Base:
    """With a default, and a method."""

    n = 0

    def method(self) -> None:
        """Held by the class."""


class Derived(Base):
    """Has both from its base."""


@pytest.mark.parametrize("obj", [Base(), Derived(), Derived])
def test_a_default_is_the_business_of_who_has_none_of_his_own(obj: Any) -> None:
    """That is where it will be set; methods stay with their class."""
    assert holder_of(obj, "n") is holder_of(obj, "n", writes=True) is obj
    assert holder_of(obj, "method") is Base


def test_a_default_that_is_set_through_the_class() -> None:
    """From then on, and in later runs, who has none of his own shares the class's."""
    resources, own = Resources(), Derived()
    own.n = 1
    assert resources.of(Derived(), "n") is not resources.of(Base, "n")
    held = resources.touched(Base, "n", writes=True)
    for later in (resources, resources.renewed()):
        held = later.of(Base, "n")
        assert later.of(Derived(), "n") is later.of(Derived, "n") is held
        assert later.of(own, "n") is not held
