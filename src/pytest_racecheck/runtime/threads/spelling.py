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
    tree: ast.AST | None = _expression(site)
    while isinstance(tree, ast.Call | ast.Attribute | ast.Subscript | ast.BinOp | ast.Compare):
        inner = _inner(tree)
        if isinstance(tree, ast.Attribute) and isinstance(inner, ast.Name):
            return f"{inner.id}.{tree.attr}"
        tree = inner
    return tree.id if isinstance(tree, ast.Name) else ""


def _expression(site: Site) -> ast.expr | None:
    start, end_line, end = site.columns
    if start < 0:
        return None
    line = linecache.getline(site.file, site.line).encode()
    try:
        if end_line != site.line or line.startswith((b"with ", b"async with "), start):
            return _entered(line[start:].decode().strip())
        return ast.parse(line[start:end].decode().strip(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return None


def _entered(statement: str) -> ast.expr | None:
    """The one thing that the `with` of this line enters: up to 3.13 that happens at the statement as a whole."""
    if not statement.startswith(("with ", "async with ")):
        return None
    try:
        tree = ast.parse(f"{statement}\n pass").body[0]
    except SyntaxError:
        # Its body is on the same line.
        tree = ast.parse(statement).body[0]
    assert isinstance(tree, ast.With | ast.AsyncWith)
    return tree.items[0].context_expr if len(tree.items) == 1 else None


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
