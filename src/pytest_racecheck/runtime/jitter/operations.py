"""Scheduling points at what processes share without a bytecode that shows it: files, locks, queues, pipes, proxies.

The hooks in rewritten code see the operations of the project's own code. Between processes much happens elsewhere: in
`shutil`, in a library out of scope, in the standard library's own queues. So in a child the functions that reach other
processes get a point in front. Only there: a child is thrown away at its end, so nothing needs to be put back, and the parent
is left as it is. What the child's own children are forked with is patched already.

A wrapper replaces a function where callers look it up (`os.stat`, not `posix.stat`, which the import system uses), keeps its
signature, and is entered in the sets such as `os.supports_dir_fd` by which callers ask what a function can do. What an operation
is made of itself, such as the lock and the pipe of a queue, gets no points: they would thin out the delays where they matter.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.delays import READ_WEIGHT, WRITE_WEIGHT

_FILE_READS: Final = ["stat", "lstat", "access", "listdir", "scandir", "readlink", "getxattr"]
_FILE_WRITES: Final = [
    "open", "read", "write", "rename", "replace", "mkdir", "rmdir", "unlink", "remove", "link", "symlink", "utime",
    "truncate", "ftruncate", "chmod", "mkfifo", "sendfile", "lockf",
]  # fmt: skip
_CONNECTION_READS: Final = ["recv", "recv_bytes", "recv_bytes_into", "poll"]
_CONNECTION_WRITES: Final = ["send", "send_bytes"]
_QUEUE_READS: Final = ["empty", "full", "qsize"]
_QUEUE_WRITES: Final = ["put", "get", "join", "task_done"]
_PROXY_READS: Final = frozenset({
    "get", "keys", "values", "items", "copy", "count", "index", "is_set", "__getitem__", "__contains__", "__len__",
    "__getattribute__",
})  # fmt: skip
_DEPTH: Final = 12
_INSTRUMENTATION: Final = "pytest_racecheck.instrument."

InScope = Callable[[str], bool]


class _Depth(threading.local):
    inside = False


class OperationPoints:
    """The points of a process. A parent prepares them, so that a forked child has but to put them in place."""

    def __init__(self, in_scope: InScope) -> None:
        self._in_scope = in_scope
        self._depth = _Depth()
        self._prepared: dict[tuple[int, str], tuple[Any, str, Any]] = {}

    def prepare(self) -> None:
        """Make the points of the modules that are loaded, as far as they are not made yet."""
        self._functions(os, _FILE_READS, READ_WEIGHT)
        self._functions(os, _FILE_WRITES, WRITE_WEIGHT)
        self._functions(io, ["open"], WRITE_WEIGHT)
        for name, patch in _PATCHES.items():
            module = sys.modules.get(name)
            if module is not None:
                patch(self, module)

    def install(self) -> None:
        """Put a point before every operation of the modules that are loaded by now."""
        self.prepare()
        for owner, name, replacement in self._prepared.values():
            original = vars(owner)[name]
            if original is not replacement:
                setattr(owner, name, replacement)
                if owner is os:
                    _enter_as(original, replacement)
        builtins.open = io.open

    def rebind(self) -> None:
        """Give points to locks that came here through a fork: they carry their methods with them."""
        synchronize = sys.modules.get("multiprocessing.synchronize")
        util = sys.modules.get("multiprocessing.util")
        if synchronize is None or util is None:
            return
        for obj in list(util._afterfork_registry.values()):
            if isinstance(obj, synchronize.SemLock):
                obj._make_methods()

    def perform(
        self,
        function: Callable[..., Any],
        name: str,
        weight: float,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call an operation's function, after the point where the thread is a task."""
        task, depth = current.task, self._depth
        if task is None or depth.inside:
            return function(*args, **kwargs)
        depth.inside = True
        try:
            site = self._site(name, sys._getframe(2))
            if site is not None:
                task.pass_point(site, weight)  # type: ignore[attr-defined]
            return function(*args, **kwargs)
        finally:
            depth.inside = False

    def pointed(self, function: Callable[..., Any], name: str, weight: float) -> Callable[..., Any]:
        """The function with a point in front."""
        perform = self.perform

        @functools.wraps(function)
        def operation(*args: Any, **kwargs: Any) -> Any:
            return perform(function, name, weight, args, kwargs)

        return operation

    def _site(self, name: str, frame: FrameType) -> Site | None:
        """The innermost place in scope that led here, else the caller itself; None for what the instrumentation does."""
        place: FrameType | None = frame
        for _ in range(_DEPTH):
            if place is None:
                break
            if self._in_scope(place.f_code.co_filename):
                frame = place
                break
            if place.f_globals.get("__name__", "").startswith(_INSTRUMENTATION):
                return None
            place = place.f_back
        code = frame.f_code
        return Site(Kind.CALL, name, code.co_filename, frame.f_lineno, code.co_qualname)

    def _functions(self, owner: Any, names: list[str], weight: float) -> None:
        prefix = owner.__name__.rpartition(".")[2]
        for name in names:
            if (id(owner), name) not in self._prepared and name in vars(owner):
                self._plan(owner, name, self.pointed(vars(owner)[name], f"{prefix}.{name}", weight))

    def _plan(self, owner: Any, name: str, replacement: Any) -> None:
        self._prepared.setdefault((id(owner), name), (owner, name, replacement))

    def _synchronize(self, module: Any) -> None:
        pointed = self.pointed

        def make_methods(lock: Any) -> None:
            label = type(lock).__name__
            lock.acquire = pointed(lock._semlock.acquire, f"{label}.acquire", WRITE_WEIGHT)
            lock.release = pointed(lock._semlock.release, f"{label}.release", READ_WEIGHT)

        self._plan(module.SemLock, "_make_methods", make_methods)
        self._functions(module.SemLock, ["__enter__"], WRITE_WEIGHT)
        self._functions(module.SemLock, ["__exit__"], READ_WEIGHT)

    def _connection(self, module: Any) -> None:
        self._functions(module._ConnectionBase, _CONNECTION_READS, READ_WEIGHT)
        self._functions(module._ConnectionBase, _CONNECTION_WRITES, WRITE_WEIGHT)

    def _queues(self, module: Any) -> None:
        for queue in (module.Queue, module.JoinableQueue, module.SimpleQueue):
            self._functions(queue, _QUEUE_READS, READ_WEIGHT)
            self._functions(queue, _QUEUE_WRITES, WRITE_WEIGHT)

    def _managers(self, module: Any) -> None:
        if (id(module.BaseProxy), "_callmethod") in self._prepared:
            return
        original, perform = module.BaseProxy._callmethod, self.perform

        @functools.wraps(original)
        def callmethod(proxy: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
            weight = READ_WEIGHT if methodname in _PROXY_READS else WRITE_WEIGHT
            name = f"{type(proxy).__name__}.{methodname}"
            return perform(original, name, weight, (proxy, methodname, *args), kwargs)

        self._plan(module.BaseProxy, "_callmethod", callmethod)

    def _shared_memory(self, module: Any) -> None:
        self._functions(module.SharedMemory, ["__init__", "unlink"], WRITE_WEIGHT)

    def _fcntl(self, module: Any) -> None:
        self._functions(module, ["flock", "lockf"], WRITE_WEIGHT)


_PATCHES: Final[dict[str, Callable[[OperationPoints, Any], None]]] = {
    "multiprocessing.synchronize": OperationPoints._synchronize,
    "multiprocessing.connection": OperationPoints._connection,
    "multiprocessing.queues": OperationPoints._queues,
    "multiprocessing.managers": OperationPoints._managers,
    "multiprocessing.shared_memory": OperationPoints._shared_memory,
    "fcntl": OperationPoints._fcntl,
}


@functools.lru_cache(maxsize=8)
def points_for(scope: Scope) -> OperationPoints:
    """The points of all processes whose tasks have that scope."""
    return OperationPoints(scope.contains)


def _enter_as(original: Callable[..., Any], wrapper: Callable[..., Any]) -> None:
    for supporters in (
        os.supports_dir_fd,
        os.supports_effective_ids,
        os.supports_fd,
        os.supports_follow_symlinks,
    ):
        if original in supporters:
            supporters.add(wrapper)
