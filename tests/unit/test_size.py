"""A file holds one idea, and a function fits on a screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest_racecheck

SOURCE = Path(pytest_racecheck.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def test_files_and_functions_are_short() -> None:
    """No file is longer than 400 lines, no function longer than 40, its docstring and its decorators included."""
    long = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > LONGEST_FILE:
            long.append(f"{path}: {lines} lines")
        long += [
            f"{path}:{node.lineno}: {node.name}: {lines} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (lines := _lines(node)) > LONGEST_FUNCTION
        ]
    assert not long


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.end_lineno - first + 1
