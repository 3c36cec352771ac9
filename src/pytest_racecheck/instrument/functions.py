"""All functions of the process, wherever they are held.

The garbage collector knows every function object: decorated ones, closures, those in a registry or a `partial`. Only what
`gc.freeze()` took out of its sight has to be looked for by name, through the modules and their classes.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pytest_racecheck.instrument.heap import Since, living

_FUNCTIONS = (FunctionType,)
#: What code is known by across processes and rewrites: file, first line, qualified name.
CodeKey = tuple[str, int, str]


def code_key(code: CodeType) -> CodeKey:
    """The key of a code object, the same for the original and its rewritten form."""
    return (code.co_filename, code.co_firstlineno, code.co_qualname)


def live_functions(since: Since | None = None) -> list[FunctionType]:
    """Every Python function there is, each once; at least those that were made `since` then."""
    found = living(_FUNCTIONS) if since is None else since.living(_FUNCTIONS)
    if gc.get_freeze_count():
        known = set(map(id, found))
        found += [function for function in _through_modules() if id(function) not in known]
    return found


def _through_modules() -> Iterator[FunctionType]:
    seen: set[int] = set()
    pending: list[object] = list(sys.modules.values())
    while pending:
        obj = pending.pop()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        if type(obj) is FunctionType:
            yield obj
        pending.extend(_held_by(obj))


def _held_by(obj: Any) -> Iterable[object]:
    """The objects next to look at: only kinds that lead to functions, and none of the user's code is run."""
    kind = type(obj)
    if issubclass(kind, ModuleType):
        return list(ModuleType.__getattribute__(obj, "__dict__").values())
    if issubclass(kind, type):
        return [*type.__dict__["__dict__"].__get__(obj).values(), *type.__subclasses__(obj)]
    if issubclass(kind, FunctionType):
        return [_contents(cell) for cell in obj.__closure__ or ()] + list(obj.__dict__.values())
    if issubclass(kind, (staticmethod, classmethod, MethodType)):
        return [obj.__func__]
    if issubclass(kind, property):
        return [obj.fget, obj.fset, obj.fdel]
    if issubclass(kind, functools.partial):
        return [obj.func]
    if issubclass(kind, functools._lru_cache_wrapper):
        return [obj.__wrapped__]
    return ()


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
