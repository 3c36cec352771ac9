"""What the source says at a place, as far as it names what is touched there.

It is asked while a task stands at a point, and so imports nothing: the locks of an import are controlled, and to take them would be
steps of that task, in the run that is shown alone. `ast.unparse` has a module of its own from 3.14 on, and `linecache` leaves
`tokenize` for later.
"""

from __future__ import annotations

import ast
import linecache
import sys
import tokenize  # noqa: F401

from pytest_racecheck.model.operation import Site


def spelled(site: Site) -> str:
    """The expression at a place in the source, as far as it names what is touched: `self.items` of `self.items.append(1)`."""
    start, end_line, end = site.columns
    if start < 0 or end_line != site.line:
        return ""
    line = linecache.getline(site.file, site.line).encode()
    try:
        tree: ast.AST = ast.parse(line[start:end].decode().strip(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return ""
    while isinstance(tree, ast.Call | ast.Attribute | ast.Subscript | ast.BinOp | ast.Compare):
        inner = _inner(tree)
        if isinstance(tree, ast.Attribute) and isinstance(inner, ast.Name):
            return f"{inner.id}.{tree.attr}"
        tree = inner
    return tree.id if isinstance(tree, ast.Name) else ""


def _is_module(tree: ast.expr) -> bool:
    """Whether it spells a module, as far as the name alone can tell: `heapq.heappush(jobs, 1)` is about the jobs."""
    return isinstance(tree, ast.Name) and tree.id in sys.modules


def _inner(tree: ast.expr) -> ast.expr:
    if isinstance(tree, ast.Call):
        called = tree.func
        if isinstance(called, ast.Attribute) and not _is_module(called.value):
            return called.value
        return (tree.args or [called])[0]
    if isinstance(tree, ast.Attribute | ast.Subscript):
        return tree.value
    if isinstance(tree, ast.Compare):
        return tree.comparators[-1]
    assert isinstance(tree, ast.BinOp)
    return tree.left
