"""Whether what an instruction reads decides something, or goes into what is written later: told from the source.

A value asks if it stands in the test of an `if`, a `while`, an `assert` or a conditional expression, in a comparison or after `not`; or if it
is given a name that such a test of the same function uses. It is made into something if the later statement contains it, or that name.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache

from pytest_racecheck.model.operation import Kind, Site

_ASKING = frozenset({Kind.CONTAINS, Kind.TEST, Kind.COMPARE})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)

Span = tuple[tuple[int, int], tuple[int, int]]


def asks(site: Site) -> bool:
    """Whether what the instruction at `site` reads decides about something."""
    if site.kind in _ASKING:
        return True
    span = _span_of(site)
    if span is None:
        return False
    tree = _tree(site.file)
    if any(_within(span, test) for test in tree.tests):
        return True
    names = tree.names_given(span)
    return bool(names) and bool(names & tree.names_tested(span))


def is_made_into(read: Site, written: Site) -> bool:
    """Whether what is written at `written` contains what was read at `read`, as far as one function shows it."""
    first, second = _span_of(read), _span_of(written)
    if first is None or second is None or read.file != written.file:
        return False
    tree = _tree(read.file)
    statement = tree.statement(second)
    if statement is None:
        return False
    if _within(first, _whole(statement)):
        return True
    given = tree.names_given(first)
    return bool(given & _names_in(statement)) and not tree.given_anew(given, first, second)


def is_known(site: Site | None) -> bool:
    """Whether the source shows where the instruction stands."""
    return site is not None and _span_of(site) is not None and _tree(site.file).statements != ()


class _Source:
    """One file, as far as the questions here need it."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        self.tests = tuple(_whole(test) for node in nodes for test in _tests(node))
        self.statements = tuple(
            node for node in nodes if isinstance(node, ast.stmt) and not hasattr(node, "body")
        )
        self._functions = tuple(node for node in nodes if isinstance(node, _FUNCTIONS[:3]))

    def statement(self, span: Span) -> ast.stmt | None:
        """The simple statement that contains `span`."""
        return next((node for node in self.statements if _within(span, _whole(node))), None)

    def names_given(self, span: Span) -> frozenset[str]:
        """The local names that the statement around `span` gives to its value."""
        node = self.statement(span)
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            return frozenset()
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return frozenset(
            name.id
            for target in targets
            for name in ([target, *getattr(target, "elts", ())])
            if isinstance(name, ast.Name)
        )

    def given_anew(self, names: frozenset[str], after: Span, before: Span) -> bool:
        """Whether somewhere between those two the names get another value, one not made of the old one."""
        between = (
            node
            for node in self.statements
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and after[1] < _whole(node)[0]
            and _whole(node)[1] < before[0]
        )
        return any(
            names & self.names_given(_whole(node)) and not names & _names_read(node)
            for node in between
        )

    def names_tested(self, span: Span) -> frozenset[str]:
        """The names in the tests of the function around `span`."""
        around = [node for node in self._functions if _within(span, _whole(node))]
        if not around:
            return frozenset()
        tests = [test for node in ast.walk(around[-1]) for test in _tests(node)]
        return frozenset(name for test in tests for name in _names_in(test))


def _tests(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        yield node.test
    elif isinstance(node, ast.Compare) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    ):
        yield node
    elif isinstance(node, ast.Match):
        yield node.subject
    elif isinstance(node, ast.comprehension):
        yield from node.ifs


def _names_in(node: ast.AST) -> frozenset[str]:
    return frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _names_read(node: ast.Assign | ast.AnnAssign) -> frozenset[str]:
    return frozenset() if node.value is None else _names_in(node.value)


def _whole(node: ast.stmt | ast.expr) -> Span:
    return (
        (node.lineno, node.col_offset),
        (node.end_lineno or node.lineno, node.end_col_offset or 0),
    )


def _within(span: Span, around: Span) -> bool:
    return around[0] <= span[0] and span[1] <= around[1]


def _span_of(site: Site) -> Span | None:
    column, end_line, end_column = site.columns
    return None if column < 0 else ((site.line, column), (end_line, end_column))


@lru_cache(maxsize=64)
def _tree(file: str) -> _Source:
    try:
        return _Source(ast.parse("".join(linecache.getlines(file))))
    except (SyntaxError, ValueError):
        return _Source(ast.parse(""))
