"""Functions that come to a fresh interpreter only while it runs: what is to be rewritten is, as soon as its module is there.

A forked process has everything from the start. One that begins anew has at first the modules that its `Process` object names; a worker of a pool
gets what it is to call through a pipe, and unpickling it imports the module. The worker's loop, which is the library's, then calls it at once: no hook
lies in between, and without this it would be called as it is, and everything that it does to shared memory be missed.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.runtime.processes.suspension import uncontrolled


class Arrivals:
    """The code of those `keys` that is still to come; stands among the finders of modules, before all others."""

    def __init__(self, instrumentation: Instrumentation, keys: frozenset[Any]) -> None:
        self._instrumentation = instrumentation
        self._keys = keys
        self._files = {key[0] for key in keys}

    def look(self) -> None:
        """Rewrite what is there by now."""
        with uncontrolled():
            self._instrumentation.install(self._keys)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """What another finder has found, and have its code looked at when it has been executed."""
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = None if find is None else find(name, path, target)
            if spec is not None:
                if spec.origin in self._files and spec.loader is not None:
                    self._then_look(spec.loader)
                return spec
        return None

    def _then_look(self, loader: Any) -> None:
        execute: Callable[[Any], None] = loader.exec_module

        @functools.wraps(execute)
        def exec_module(module: Any) -> None:
            del loader.exec_module
            execute(module)
            self.look()

        with contextlib.suppress(AttributeError):
            loader.exec_module = exec_module


def await_arrivals(instrumentation: Instrumentation, keys: frozenset[Any]) -> None:
    """Rewrite what of `keys` is there, and the rest when it comes; for a process that ends with its task."""
    if keys:
        arrivals: Any = Arrivals(instrumentation, keys)
        arrivals.look()
        sys.meta_path.insert(0, arrivals)
