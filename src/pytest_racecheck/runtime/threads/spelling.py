"""What the source says at a place, as far as it names what is touched there."""

from __future__ import annotations

import ast
import linecache

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
            break
        tree = inner
    return ast.unparse(tree) if isinstance(tree, ast.Name | ast.Attribute) else ""


def _inner(tree: ast.expr) -> ast.expr:
    if isinstance(tree, ast.Call):
        called = tree.func
        return called.value if isinstance(called, ast.Attribute) else (tree.args or [called])[0]
    if isinstance(tree, ast.Attribute | ast.Subscript):
        return tree.value
    if isinstance(tree, ast.Compare):
        return tree.comparators[-1]
    assert isinstance(tree, ast.BinOp)
    return tree.left
