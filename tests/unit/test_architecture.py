"""The arrows of the architecture point down only, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module name a file imports, also inside functions, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            assert node.module is not None
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def test_there_is_something_to_check() -> None:
    """The source tree was found."""
    assert len(MODULES) > 30


def test_every_layer_is_known() -> None:
    """Each top-level package and module has a place in the order of layers."""
    assert {layer_of(path) for path in MODULES} <= set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_arrows_point_down(path: Path) -> None:
    """No module imports from a layer above its own."""
    own = LAYERS.index(layer_of(path))
    wrong = []
    for name, line in imported(path):
        parts = name.split(".")
        if parts[0] != "pytest_racecheck" or len(parts) < 2 or parts[1] not in LAYERS:
            continue
        if LAYERS.index(parts[1]) > own and layer_of(path) not in LAZY:
            wrong.append(f"line {line}: {name}")
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_libraries_stay_where_they_belong(path: Path) -> None:
    """Only the packages named for it import pytest, hypothesis, multiprocessing, bytecode and cloudpickle."""
    where = path.relative_to(SOURCE).as_posix()
    wrong = []
    for name, line in imported(path):
        allowed = CONFINED.get(name.split(".")[0])
        if allowed is not None and not where.startswith(allowed):
            wrong.append(f"line {line}: {name}")
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_file_is_too_long(path: Path) -> None:
    """One idea a file: none has more than 400 lines."""
    assert len(path.read_text().splitlines()) <= 400
