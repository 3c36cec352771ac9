"""Modules in Python whose functions keep nothing between calls that a test could race on, or only behind controlled primitives.

A call of such a function is no operation. What it does to a container that it is handed is one all the same (`calls.py`).
"""

from __future__ import annotations

from types import FunctionType

_QUIET = frozenset(
    [
        "threading",
        "queue",
        "concurrent",
        "_weakrefset",
        "abc",
        "ast",
        "asyncio",
        "bisect",
        "codecs",
        "collections",
        "colorsys",
        "contextlib",
        "contextvars",
        "copy",
        "copyreg",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "dis",
        "enum",
        "fractions",
        "functools",
        "heapq",
        "inspect",
        "io",
        "itertools",
        "json",
        "keyword",
        "linecache",
        "logging",
        "math",
        "numbers",
        "operator",
        "pprint",
        "random",
        "re",
        "reprlib",
        "selectors",
        "socket",
        "socketserver",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "time",
        "token",
        "tokenize",
        "traceback",
        "types",
        "typing",
        "unittest",
        "uuid",
        "warnings",
        "weakref",
        "_pytest",
        "pytest",
        "pluggy",
        "hypothesis",
        "pytest_racecheck",
        "importlib",
        "_frozen_importlib",
        "greenlet",
        "_frozen_importlib_external",
    ]
)
_OF_PRIMITIVES = frozenset({"threading", "queue", "concurrent"})


def root_of(function: FunctionType) -> str:
    """The package, or the module by itself, that a function is of."""
    return (function.__module__ or "").partition(".")[0]


def is_quiet(function: FunctionType) -> bool:
    """Whether it is of such a module."""
    return root_of(function) in _QUIET


def consists_of_primitives(function: FunctionType) -> bool:
    """Whether all that it does is done by controlled primitives."""
    return root_of(function) in _OF_PRIMITIVES
