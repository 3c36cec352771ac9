"""Which Python functions a call is about to enter, found without running any of the program's code."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator
from types import FunctionType, MethodType

#: Callables that only stand before another one, each its own.
_WRAPPERS = (MethodType, staticmethod, classmethod, functools.partial, functools._lru_cache_wrapper)


def is_wrapper(kind: type) -> bool:
    """Whether callables of that type must be looked at one by one, as each leads elsewhere."""
    return issubclass(kind, _WRAPPERS)


def entered_by_call(callee: object) -> Iterator[FunctionType]:
    """The functions that calling `callee` may enter first."""
    while is_wrapper(type(callee)):
        callee = _wrapped(callee)
    kind = type(callee)
    if kind is FunctionType:
        yield callee  # type: ignore[misc]
        return
    yield from _methods(kind, ("__call__",))
    if issubclass(kind, type):
        yield from _methods(callee, ("__new__", "__init__"))  # type: ignore[arg-type]


def _wrapped(wrapper: object) -> object:
    if issubclass(type(wrapper), functools.partial):
        return wrapper.func  # type: ignore[attr-defined]
    if issubclass(type(wrapper), functools._lru_cache_wrapper):
        return wrapper.__wrapped__  # type: ignore[attr-defined]
    return wrapper.__func__  # type: ignore[attr-defined]


def entered_by_with(kind: type) -> Iterator[FunctionType]:
    """The functions that a `with` statement enters for managers of that type."""
    yield from _methods(kind, ("__enter__", "__exit__", "__aenter__", "__aexit__"))


def _methods(kind: type, names: tuple[str, ...]) -> Iterator[FunctionType]:
    mro: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    for name in names:
        for base in mro:
            if name in base.__dict__:
                found = base.__dict__[name]
                if isinstance(found, (staticmethod, classmethod)):
                    found = found.__func__
                if isinstance(found, FunctionType):
                    yield found
                break


class TypeSet:
    """Types by identity, none of them kept alive: a program may wait for one of its classes to go."""

    def __init__(self) -> None:
        self._references: dict[int, weakref.ref[type]] = {}

    def __contains__(self, kind: type) -> bool:
        return id(kind) in self._references

    def add(self, kind: type) -> None:
        """Remember a type for as long as it lives."""
        identity, references = id(kind), self._references
        references[identity] = weakref.ref(kind, lambda _: references.pop(identity, None))

    def clear(self) -> None:
        """Forget all."""
        self._references.clear()
