"""A file holds one idea, and a function fits on a screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pytest_racecheck

SOURCE = Path(pytest_racecheck.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_are_short(path: Path) -> None:
    """No file is longer than 400 lines, no function longer than 40, its docstring and its decorators included."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [
        f"{node.name}, line {node.lineno}: {lines} lines"
        for node in functions
        if (lines := _lines(node)) > LONGEST_FUNCTION
    ]
    assert not long


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.end_lineno - first + 1
