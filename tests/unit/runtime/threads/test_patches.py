"""Controlled objects in the place of originals."""

from __future__ import annotations

import sys
import types

import pytest

from pytest_racecheck.runtime.threads.patches import Patches


def original():
    """Stands for a function that blocks."""


def controlled():
    """Takes its place."""


class Owner:
    """Has a method of its own and inherits another."""

    def kept(self):
        return "mine"


class Heir(Owner):
    """Has none of its own."""


@pytest.fixture
def module(monkeypatch):
    """A module that is known to the interpreter."""
    made = types.ModuleType("some_module")
    monkeypatch.setitem(sys.modules, "some_module", made)
    return made


def test_modules_hold_the_other_object_under_any_name(module):
    """Whatever a module calls the original, inside the block it holds the other, and afterwards the original."""
    module.alias = original
    with Patches([(original, controlled)]):
        assert module.alias is controlled
    assert module.alias is original


def test_own_modules_are_left_out(monkeypatch):
    """The modules of this package keep their originals."""
    made = types.ModuleType("pytest_racecheck.somewhere")
    made.alias = original
    monkeypatch.setitem(sys.modules, "pytest_racecheck.somewhere", made)
    with Patches([(original, controlled)]):
        held = made.alias
    assert held is original


def test_modules_imported_meanwhile_are_put_right(module):
    """What a module got while the patches were on is the original afterwards."""
    with Patches([(original, controlled)]):
        module.late = controlled
    assert module.late is original


def test_two_originals_with_one_replacement_go_back_each_to_its_own(module):
    """A place that was exchanged gets back exactly what it had."""

    def other():
        pass

    module.first, module.second = original, other
    with Patches([(original, controlled), (other, controlled)]):
        assert module.first is module.second is controlled
    assert (module.first, module.second) == (original, other)


def test_what_the_program_has_rebound_stays(module):
    """A name that the program has bound anew inside the block is not touched."""
    module.alias = original
    with Patches([(original, controlled)]):
        module.alias = "something else"
    assert module.alias == "something else"


def test_attributes_of_classes_are_put_back_exactly():
    """An own attribute gets its old value back; an inherited one is not left behind on the heir."""
    kept = vars(Owner)["kept"]
    with Patches([], [(Owner, "kept", controlled), (Heir, "kept", original)]):
        assert vars(Owner)["kept"] is controlled
        assert vars(Heir)["kept"] is original
    assert vars(Owner)["kept"] is kept
    assert "kept" not in vars(Heir)


def test_an_exception_in_the_block_changes_nothing(module):
    """The originals are back also when the block is left by an exception."""
    module.alias = original
    with pytest.raises(KeyError), Patches([(original, controlled)]):
        raise KeyError
    assert module.alias is original
