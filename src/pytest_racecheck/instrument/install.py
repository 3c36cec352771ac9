"""Rewritten code put into the functions of a scope, and the original put back.

A function keeps its identity: only its `__code__` is exchanged, so decorators, registries, mocks and pickles that hold it
need not know. Code nested in rewritten code is rewritten with it, and functions made from it later are therefore covered.

Code is first planned for all functions and only then assigned. Where the standard library is in scope, what this module
itself uses may be among those functions, and hooks must not fire while it is at work.
"""

from __future__ import annotations

import _thread
import os
import threading
import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, TracebackType
from typing import Any

from pytest_racecheck.instrument.binding import Gateway, bind
from pytest_racecheck.instrument.cache import TemplateCache, process_cache
from pytest_racecheck.instrument.callees import (
    TypeSet,
    entered_by_call,
    entered_by_with,
    is_wrapper,
)
from pytest_racecheck.instrument.functions import CodeKey, code_key, live_functions
from pytest_racecheck.instrument.heap import Since
from pytest_racecheck.instrument.hooks import Hooks
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.instrument.template import RewriteError


class _OwnLock(_thread.RLock):  # type: ignore[misc]
    """A lock that is nobody else's business: by its type it is none of those that the program under control has."""

    __slots__ = ()


class Instrumentation:
    """The functions of a scope call the hooks from `install()` until `restore()`."""

    def __init__(self, scope: Scope, hooks: Hooks, cache: TemplateCache | None = None) -> None:
        self.scope = scope
        self.late: list[CodeKey] = []
        self.failed: list[tuple[CodeKey, str]] = []
        self._cache = process_cache() if cache is None else cache
        self._lock, self._process = _OwnLock(), os.getpid()
        self._paused: set[int] = set()
        self._gateway = Gateway(
            hooks, self.reach, self._reach_manager, self._paused, pausable=bool(scope.packages)
        )
        self._active = False
        # By id of the bound code: it and its original, both kept alive so that the ids stay theirs.
        self._originals: dict[int, tuple[CodeType, CodeType]] = {}
        self._bound: dict[tuple[int, int], CodeType | None] = {}
        # What need not be looked at again when it is called.
        self._settled: dict[int, CodeType] = {}
        self._classes, self._callables, self._managers = TypeSet(), TypeSet(), TypeSet()
        self._changed: list[weakref.ref[FunctionType]] = []
        self._since: Since | None = None

    def __enter__(self) -> Instrumentation:
        self.install()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.restore()

    def install(self, keys: Collection[CodeKey] | None = None) -> None:
        """Rewrite the functions in scope, or those of them whose code is among `keys`."""
        wanted = None if keys is None else frozenset(keys)
        with self._at_work():
            self._active = True
            self._since = self._since or Since()
            functions = live_functions() if wanted != frozenset() else []
            files = self._files_of(functions, wanted)
            planned = [
                (function, bound)
                for function in functions
                # Of ten thousand functions a few are in scope, and their files are soon compared.
                if function.__code__.co_filename in files
                and self._is_wanted(function, wanted)
                and (bound := self._bound_code(function)) is not None
            ]
            self._cache.save()
            for function, bound in planned:
                self._assign(function, bound)

    def reach(self, callee: object) -> None:
        """Rewrite what calling `callee` is about to enter, if it is in scope and was not rewritten before."""
        kind = type(callee)
        if kind is BuiltinFunctionType:
            return
        if kind is MethodType:
            callee = callee.__func__  # type: ignore[attr-defined]
            kind = type(callee)
        if kind is FunctionType:
            if id(callee.__code__) not in self._settled:  # type: ignore[attr-defined]
                self._rewrite_late(callee)  # type: ignore[arg-type]
        elif is_wrapper(kind):
            self._reach_functions(entered_by_call(callee))
        elif issubclass(kind, type):
            if callee not in self._classes:  # type: ignore[operator]
                self._classes.add(callee)  # type: ignore[arg-type]
                self._reach_functions(entered_by_call(callee))
        elif kind not in self._callables:
            self._callables.add(kind)
            self._reach_functions(entered_by_call(callee))

    def restore(self) -> None:
        """Give every function its own code back, those made from rewritten code meanwhile included."""
        with self._at_work():
            self._active = False
            originals = self._originals
            made = live_functions(self._since)
            rewritten = [one for one in made if id(one.__code__) in originals]
            for function in (*rewritten, *(reference() for reference in self._changed)):
                if function is not None:
                    self._put_back(function)
            self._changed.clear()
            self._since = None
            for settled in (self._settled, self._classes, self._callables, self._managers):
                settled.clear()

    def close(self) -> None:
        """Put everything back for good, and let go of rewritten code.

        That code holds the hooks, and the garbage collector does not see through code: a cycle by way of it is never freed.
        """
        self.restore()
        self._bound.clear()
        self._originals.clear()

    def original(self, code: CodeType) -> CodeType:
        """The code that `code` was rewritten from, or `code` itself; what travels to another process must be this."""
        pair = self._originals.get(id(code))
        return code if pair is None else pair[1]

    def _reach_manager(self, manager: object) -> None:
        kind = type(manager)
        if kind not in self._managers:
            self._managers.add(kind)
            self._reach_functions(entered_by_with(kind))

    def _reach_functions(self, functions: Iterator[FunctionType]) -> None:
        for function in functions:
            if id(function.__code__) not in self._settled:
                self._rewrite_late(function)

    def _rewrite_late(self, function: FunctionType) -> None:
        code = function.__code__
        if not self._active:
            return
        if id(code) in self._originals or not self.scope.has(code, function.__globals__):
            self._settled[id(code)] = code
            return
        with self._at_work():
            if not self._active or function.__code__ is not code:
                return
            first = (id(code), id(function.__globals__)) not in self._bound
            bound = self._bound_code(function)
            if bound is None:
                return
            if first:
                self.late.append(code_key(code))
                self._cache.save()
            self._assign(function, bound)

    def _files_of(
        self, functions: Collection[FunctionType], wanted: frozenset[CodeKey] | None
    ) -> set[str]:
        """The files in scope, or those of them that are wanted."""
        if wanted is not None:
            return {file for file, _, _ in wanted}
        return set(
            filter(self.scope.contains, {function.__code__.co_filename for function in functions})
        )

    def _is_wanted(self, function: FunctionType, wanted: frozenset[CodeKey] | None) -> bool:
        code = function.__code__
        if id(code) in self._originals or not self.scope.has(code, function.__globals__):
            return False
        return wanted is None or code_key(code) in wanted

    def _bound_code(self, function: FunctionType) -> CodeType | None:
        """The rewritten code for a function; None when it has to stay as it is."""
        code, namespace = function.__code__, function.__globals__
        key = (id(code), id(namespace))
        if key not in self._bound:
            self._bound[key] = self._bind(code, namespace)
        return self._bound[key]

    def _bind(self, code: CodeType, namespace: dict[str, Any]) -> CodeType | None:
        try:
            template = self._cache.template(code)
        except RewriteError as error:
            self.failed.append((code_key(error.code), str(error)))
            self._settled[id(code)] = code
            return None
        return bind(template, code, namespace, self._gateway, self._originals)

    def _assign(self, function: FunctionType, code: CodeType) -> None:
        try:
            function.__code__ = code
        except Exception as error:
            self.failed.append((code_key(code), f"{type(error).__name__}: {error}"))
        else:
            self._settled[id(code)] = code
            self._changed.append(weakref.ref(function))

    def _put_back(self, function: FunctionType) -> None:
        pair = self._originals.get(id(function.__code__))
        if pair is None:
            return
        try:
            function.__code__ = pair[1]
        except Exception as error:
            self.failed.append((code_key(pair[1]), f"{type(error).__name__}: {error}"))

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Only one thread rewrites at a time, and what it runs meanwhile calls no hook."""
        if self._process != os.getpid():
            # In a forked child the lock may be held by a thread that is not there.
            self._process, self._lock = os.getpid(), _OwnLock()
            self._paused.clear()
        with self._lock:
            me = threading.get_ident()
            outermost = me not in self._paused
            self._paused.add(me)
            try:
                yield
            finally:
                if outermost:
                    self._paused.discard(me)
