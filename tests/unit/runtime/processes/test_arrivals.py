"""Code that comes to a process after it has begun."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_racecheck.instrument.functions import code_key
from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.context import TaskHooks
from pytest_racecheck.runtime.processes.arrivals import Arrivals, await_arrivals

SOURCE = (
    "def called(shared):\n    shared.value += 1\n\ndef other(shared):\n    return shared.value\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are found in; what was put among the finders is taken away again."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in ("racecheck_late", "racecheck_early"):
        sys.modules.pop(name, None)


@pytest.fixture
def instrumentation(project: Path) -> Iterator[Instrumentation]:
    """That of a process in which nothing was rewritten yet."""
    made = Instrumentation(Scope(project, (), ()), TaskHooks())
    made.install(())
    yield made
    made.close()


def key(file: Path) -> tuple[str, int, str]:
    return (str(file), 1, "called")


def test_a_module_that_is_imported_later(project: Path, instrumentation: Instrumentation) -> None:
    """Its functions are rewritten as soon as it is there, those that were asked for and no others; and its loader is as it was."""
    file = project / "racecheck_late.py"
    file.write_text(SOURCE)
    await_arrivals(instrumentation, frozenset({key(file)}))
    module = importlib.import_module("racecheck_late")
    assert code_key(module.called.__code__) == key(file)
    assert instrumentation.original(module.called.__code__) is not module.called.__code__
    assert instrumentation.original(module.other.__code__) is module.other.__code__
    assert "exec_module" not in vars(module.__loader__)


def test_a_module_that_is_there(project: Path, instrumentation: Instrumentation) -> None:
    """It is looked at at once."""
    file = project / "racecheck_early.py"
    file.write_text(SOURCE)
    module = importlib.import_module("racecheck_early")
    await_arrivals(instrumentation, frozenset({key(file)}))
    assert instrumentation.original(module.called.__code__) is not module.called.__code__


def test_other_modules_are_found_as_ever(project: Path, instrumentation: Instrumentation) -> None:
    """Those that hold nothing that is waited for, those that there are not, and where nothing is waited for."""
    before = list(sys.meta_path)
    await_arrivals(instrumentation, frozenset())
    assert sys.meta_path == before
    (project / "racecheck_late.py").write_text(SOURCE)
    await_arrivals(instrumentation, frozenset({key(project / "elsewhere.py")}))
    assert isinstance(sys.meta_path[0], Arrivals)
    module = importlib.import_module("racecheck_late")
    assert instrumentation.original(module.called.__code__) is module.called.__code__
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("racecheck_nowhere")
