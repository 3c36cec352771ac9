"""The arrows of the architecture point down only, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest_racecheck

SOURCE = Path(pytest_racecheck.__file__).parent

# From the bottom up. A module may import from its own layer and from those before it in this list.
LAYERS = (
    "model",
    "strategies",
    "instrument",
    "runtime",
    "analysis",
    "campaign",
    "report",
    "entry",
    "hypothesis",
    "plugin",
    "fixtures",
    "__init__",
)
# A library, and the packages that may import it.
CONFINED = {
    "pytest": ("plugin", "fixtures"),
    "_pytest": ("plugin",),
    "hypothesis": ("hypothesis",),
    "multiprocessing": ("runtime/processes", "runtime/jitter"),
    "bytecode": ("instrument",),
    "cloudpickle": ("runtime/processes", "runtime/jitter"),
    "greenlet": ("runtime/threads",),
}
LAZY = ("__init__",)
MODULES = sorted(SOURCE.rglob("*.py"))


def layer_of(path: Path) -> str:
    """The layer a file belongs to."""
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


@cache
def imported(path: Path) -> list[tuple[str, int]]:
    """Every module name a file imports, also inside functions, with its line."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            assert node.module is not None
            found.append((node.module, node.lineno))
            found += ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
    return found


def test_there_is_something_to_check() -> None:
    """The source tree was found."""
    assert len(MODULES) > 30


def test_every_layer_is_known() -> None:
    """Each top-level package and module has a place in the order of layers."""
    assert {layer_of(path) for path in MODULES} <= set(LAYERS)


def test_arrows_point_down() -> None:
    """No module imports from a layer above its own."""
    wrong = []
    for path in MODULES:
        own = LAYERS.index(layer_of(path))
        for name, line in imported(path):
            parts = name.split(".")
            if parts[0] != "pytest_racecheck" or len(parts) < 2 or parts[1] not in LAYERS:
                continue
            if LAYERS.index(parts[1]) > own and layer_of(path) not in LAZY:
                wrong.append(f"{path}:{line}: {name}")
    assert not wrong


def test_libraries_stay_where_they_belong() -> None:
    """Only the packages named for it import pytest, hypothesis, multiprocessing, bytecode and cloudpickle."""
    wrong = []
    for path in MODULES:
        where = path.relative_to(SOURCE).as_posix()
        for name, line in imported(path):
            allowed = CONFINED.get(name.split(".")[0])
            if allowed is not None and not where.startswith(allowed):
                wrong.append(f"{path}:{line}: {name}")
    assert not wrong
