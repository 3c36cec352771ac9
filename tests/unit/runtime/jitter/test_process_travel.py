"""What goes by value to a child, and what by reference."""

from __future__ import annotations

import collections
import importlib.util
import json
import pickle
import sys

import pytest

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.jitter.travel import Traveller, is_importable


@pytest.fixture
def stranger(tmp_path):
    """A module that was loaded from a file no path leads to."""
    file = tmp_path / "strange_module.py"
    file.write_text("class Thing:\n    pass\n\ndef double(n):\n    return 2 * n\n")
    spec = importlib.util.spec_from_file_location("strange_module", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["strange_module"] = module
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("strange_module", None)


def plain(number):
    return number + 1


def packed(target, *args, in_scope=lambda _file: False) -> bytes:
    return Traveller(in_scope, lambda code: code).packed(Body(target, args, "target"))


@pytest.mark.parametrize("module", [json, collections, sys, pickle])
def test_the_standard_library_is_importable(module) -> None:
    """A fresh interpreter has the standard library, built-in or not."""
    assert is_importable(module)


def test_a_module_off_the_path_is_not_importable(stranger) -> None:
    """A name alone does not make a module importable."""
    assert not is_importable(stranger)


def test_a_module_of_the_same_name_elsewhere_does_not_count(
    stranger, tmp_path, monkeypatch
) -> None:
    """What a child would import under the name must be the very file."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "strange_module.py").write_text("")
    monkeypatch.syspath_prepend(other)
    assert not is_importable(stranger)


def test_what_cannot_be_imported_travels_by_value(stranger) -> None:
    """Functions and classes of such a module arrive without it."""
    travelled = packed(stranger.double, stranger.Thing())
    del sys.modules["strange_module"]
    target, (thing,) = pickle.loads(travelled)
    assert target(4) == 8
    assert type(thing).__name__ == "Thing"


def test_library_functions_travel_by_reference() -> None:
    """A function that the child can import is only named."""
    target, _ = pickle.loads(packed(json.dumps))
    assert target is json.dumps


def test_test_modules_travel_by_value() -> None:
    """A module that pytest imported as a test goes by value, so that the child need not import pytest."""
    target, _ = pickle.loads(packed(plain, in_scope=lambda file: file == __file__))
    assert target is not plain
    assert target(2) == plain(2)


def test_the_registry_is_left_as_it_was(stranger) -> None:
    """Afterwards cloudpickle treats the module as before."""
    import cloudpickle

    before = set(cloudpickle.list_registry_pickle_by_value())
    packed(stranger.double)
    assert cloudpickle.list_registry_pickle_by_value() == before


def test_the_original_code_travels() -> None:
    """Code that was rewritten goes as what it was rewritten from."""

    def rewritten():
        return "rewritten"

    def original():
        return "original"

    traveller = Traveller(
        lambda _file: True,
        lambda code: original.__code__ if code is rewritten.__code__ else code,
    )
    target, _ = pickle.loads(traveller.packed(Body(rewritten, (), "rewritten")))
    assert target() == "original"
