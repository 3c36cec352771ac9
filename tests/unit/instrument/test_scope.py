"""Which files are the project's own."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import types
from pathlib import Path

import pytest

import pytest_racecheck.instrument.scope as scope_module
from pytest_racecheck.instrument.scope import Scope, ScopeError


@pytest.mark.parametrize("place", ["a.py", "src/pkg/b.py", "tests/test_c.py"])
def test_files_under_the_root_are_in_scope(tmp_path: Path, place: str) -> None:
    """Whatever lies under the project's root belongs to it."""
    assert Scope(tmp_path).contains(str(tmp_path / place))


@pytest.mark.parametrize(
    "place",
    [
        "venv/lib/python3/site-packages/x.py",
        "usr/dist-packages/x.py",
        ".tox/py311/lib/x.py",
        ".nox/tests/x.py",
    ],
)
def test_installed_packages_under_the_root_are_out(tmp_path: Path, place: str) -> None:
    """An environment inside the project is not the project."""
    assert not Scope(tmp_path).contains(str(tmp_path / place))


def test_a_virtual_environment_of_any_name_is_out(tmp_path: Path) -> None:
    """The file that every environment has gives it away."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    assert not Scope(tmp_path).contains(str(tmp_path / "mine" / "lib" / "x.py"))


@pytest.mark.parametrize(
    "filename", ["<string>", "<stdin>", "<attrs generated init x.Y>", "<frozen os>", "/else/x.py"]
)
def test_generated_and_foreign_code_is_out(tmp_path: Path, filename: str) -> None:
    """Code without a file, and files outside the root, are no project's own."""
    assert not Scope(tmp_path).contains(filename)


def test_the_standard_library_and_this_plugin_are_out_even_below_the_root() -> None:
    """A root as wide as the file system takes in neither the interpreter nor the plugin."""
    scope = Scope(Path(os.sep))
    assert not scope.contains(argparse.__file__)
    assert not scope.contains(scope_module.__file__)
    assert scope.contains(f"{os.sep}anything{os.sep}x.py")


def test_a_similar_prefix_is_not_a_parent(tmp_path: Path) -> None:
    """`/project-old` does not lie under `/project`."""
    assert not Scope(tmp_path / "project").contains(str(tmp_path / "project-old" / "x.py"))


def test_a_named_package_is_in_scope_with_all_its_modules(tmp_path: Path) -> None:
    """Naming a package takes in what is inside it and nothing beside it."""
    scope = Scope(tmp_path, ("json",))
    assert scope.contains(json.__file__)
    assert scope.contains(json.decoder.__file__)
    assert not scope.contains(argparse.__file__)


def test_a_named_module_is_in_scope_alone(tmp_path: Path) -> None:
    """Naming a module of a package leaves the others out."""
    scope = Scope(tmp_path, ("json.decoder",))
    assert scope.contains(json.decoder.__file__)
    assert not scope.contains(json.__file__)


def test_a_named_frozen_module_is_in_scope(tmp_path: Path) -> None:
    """The import system is frozen, and named by its dotted name all the same."""
    scope = Scope(tmp_path, ("importlib._bootstrap",))
    assert scope.contains("<frozen importlib._bootstrap>")
    assert not scope.contains("<frozen importlib._bootstrap_external>")
    assert "importlib._bootstrap" in scope.modules()


def test_a_frozen_package_takes_in_its_modules(tmp_path: Path) -> None:
    """Naming a package takes in frozen modules below it."""
    assert Scope(tmp_path, ("importlib",)).contains("<frozen importlib._bootstrap>")


@pytest.mark.parametrize("name", ["no_such_package_here", "json.no_such_module", "no..name"])
def test_a_package_that_cannot_be_found_is_refused(tmp_path: Path, name: str) -> None:
    """A misspelt name must not silently instrument nothing."""
    with pytest.raises(ScopeError, match=f"names '{name}', which cannot be found") as caught:
        Scope(tmp_path, (name,))
    assert isinstance(caught.value, ValueError)


def test_loaded_modules_in_scope_are_listed_sorted(tmp_path: Path, load) -> None:
    """Reports name the modules that were instrumented."""
    load("x = 1", "zz_module")
    load("x = 1", "aa_module")
    assert Scope(tmp_path).modules() == ["aa_module", "zz_module"]


def test_odd_entries_of_sys_modules_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What programs put into sys.modules need not be a module."""
    monkeypatch.setitem(sys.modules, "odd_none", None)
    monkeypatch.setitem(sys.modules, "odd_number", 3)
    assert Scope(tmp_path).modules() == []


def test_a_scope_travels_and_decides_the_same(tmp_path: Path) -> None:
    """A spawned child gets an equal scope, without looking for the packages again."""
    scope = Scope(tmp_path, ("json",))
    copy = pickle.loads(pickle.dumps(scope))
    assert copy == scope
    assert copy.places == scope.places
    assert copy.contains(json.__file__)


def test_a_link_to_the_root_is_the_root(tmp_path: Path) -> None:
    """A project reached through a link is still in scope."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Scope(tmp_path / "link").contains(str(tmp_path / "real" / "x.py"))
    assert Scope(tmp_path / "real").contains(str(tmp_path / "link" / "x.py"))


def test_a_module_that_was_replaced_by_an_object_of_its_own_is_found(tmp_path: Path, load) -> None:
    """It has no spec; where its code is, it does say."""
    load(
        "import sys, types\n"
        "class Proxy(types.ModuleType): pass\n"
        "proxy = Proxy(__name__)\n"
        "proxy.__file__ = __file__\n"
        "sys.modules[__name__] = proxy\n",
        "replaced_module",
    )
    file = sys.modules["replaced_module"].__file__
    assert file is not None
    scope = Scope(tmp_path / "elsewhere", ("replaced_module",))
    assert scope.contains(file)
    assert scope.modules() == ["replaced_module"]


def test_a_module_that_is_loaded_lazily_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look which modules there are asks none of them for anything."""

    class Lazy(types.ModuleType):
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"asked for {name}")

    monkeypatch.setitem(sys.modules, "lazy_module", Lazy("lazy_module"))
    assert Scope(tmp_path).modules() == []


def test_code_of_no_file_belongs_to_its_module(tmp_path: Path) -> None:
    """A dataclass's methods bear the same file name as what `python -c` runs: it is the module that tells them apart."""
    scope = Scope(tmp_path, files=("<string>",))
    made: dict[str, object] = {}
    exec("def made(): pass", made)
    code = made["made"].__code__
    assert scope.has(code, {"__name__": "__main__"})
    assert scope.has(code, {"__name__": "mine", "__file__": str(tmp_path / "mine.py")})
    assert not scope.has(code, {"__name__": "scope", "__file__": scope_module.__file__})
    assert not scope.has(code, {"__name__": "argparse", "__file__": argparse.__file__})
    assert not scope.has(code, {"__name__": "namedtuple_Point"})
    assert not Scope(tmp_path).has(code, {"__name__": "__main__"})
