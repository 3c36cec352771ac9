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

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.delays import READ_WEIGHT, WRITE_WEIGHT

_FILE_READS: Final = "stat lstat access listdir scandir readlink getxattr".split()
_FILE_WRITES: Final = (
    "open rename replace mkdir rmdir unlink remove link symlink utime truncate ftruncate chmod mkfifo"
    " read write sendfile lockf"
).split()
_CONNECTION_READS: Final = "recv recv_bytes recv_bytes_into poll".split()
_CONNECTION_WRITES: Final = "send send_bytes".split()
_QUEUE_READS: Final = "empty full qsize".split()
_QUEUE_WRITES: Final = "put get join task_done".split()
_PROXY_READS: Final = frozenset(
    "get __getitem__ __contains__ __len__ keys values items copy count index __getattribute__ is_set".split()
)
_DEPTH: Final = 12
_MARK: Final = "__racecheck_point__"

InScope = Callable[[str], bool]


class _Depth(threading.local):
    inside = False


class OperationPoints:
    """The points of one process; `install` may be called again when more modules have been imported."""

    def __init__(self, in_scope: InScope) -> None:
        self._in_scope = in_scope
        self._depth = _Depth()

    def install(self) -> None:
        """Put a point before every operation of the modules that are loaded."""
        self._functions(os, _FILE_READS, READ_WEIGHT)
        self._functions(os, _FILE_WRITES, WRITE_WEIGHT)
        self._functions(io, ["open"], WRITE_WEIGHT)
        builtins.open = io.open
        for name, patch in _PATCHES.items():
            module = sys.modules.get(name)
            if module is not None:
                patch(self, module)

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
            task.pass_point(self._site(name, sys._getframe(2)), weight)  # type: ignore[attr-defined]
            return function(*args, **kwargs)
        finally:
            depth.inside = False

    def pointed(self, function: Callable[..., Any], name: str, weight: float) -> Callable[..., Any]:
        """The function with a point in front."""
        perform = self.perform

        @functools.wraps(function)
        def operation(*args: Any, **kwargs: Any) -> Any:
            return perform(function, name, weight, args, kwargs)

        setattr(operation, _MARK, True)
        return operation

    def _site(self, name: str, frame: FrameType) -> Site:
        """The innermost place in scope that led here, else the caller itself."""
        place: FrameType | None = frame
        for _ in range(_DEPTH):
            if place is None:
                break
            if self._in_scope(place.f_code.co_filename):
                frame = place
                break
            place = place.f_back
        code = frame.f_code
        return Site(Kind.CALL, name, code.co_filename, frame.f_lineno, code.co_qualname)

    def _functions(self, owner: Any, names: list[str], weight: float) -> None:
        prefix = owner.__name__.rpartition(".")[2]
        for name in names:
            original = vars(owner).get(name)
            if original is None or hasattr(original, _MARK):
                continue
            wrapper = self.pointed(original, f"{prefix}.{name}", weight)
            setattr(owner, name, wrapper)
            if owner is os:
                _enter_as(original, wrapper)

    def _synchronize(self, module: Any) -> None:
        semlock = module.SemLock
        if hasattr(semlock._make_methods, _MARK):
            return
        points = self

        def make_methods(lock: Any) -> None:
            label = type(lock).__name__
            lock.acquire = points.pointed(lock._semlock.acquire, f"{label}.acquire", WRITE_WEIGHT)
            lock.release = points.pointed(lock._semlock.release, f"{label}.release", READ_WEIGHT)

        setattr(make_methods, _MARK, True)
        semlock._make_methods = make_methods
        self._functions(semlock, ["__enter__"], WRITE_WEIGHT)
        self._functions(semlock, ["__exit__"], READ_WEIGHT)

    def _connection(self, module: Any) -> None:
        self._functions(module._ConnectionBase, _CONNECTION_READS, READ_WEIGHT)
        self._functions(module._ConnectionBase, _CONNECTION_WRITES, WRITE_WEIGHT)

    def _queues(self, module: Any) -> None:
        for queue in (module.Queue, module.JoinableQueue, module.SimpleQueue):
            self._functions(queue, _QUEUE_READS, READ_WEIGHT)
            self._functions(queue, _QUEUE_WRITES, WRITE_WEIGHT)

    def _managers(self, module: Any) -> None:
        original = module.BaseProxy._callmethod
        if hasattr(original, _MARK):
            return
        perform = self.perform

        @functools.wraps(original)
        def callmethod(proxy: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
            weight = READ_WEIGHT if methodname in _PROXY_READS else WRITE_WEIGHT
            name = f"{type(proxy).__name__}.{methodname}"
            return perform(original, name, weight, (proxy, methodname, *args), kwargs)

        setattr(callmethod, _MARK, True)
        module.BaseProxy._callmethod = callmethod

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


def _enter_as(original: Callable[..., Any], wrapper: Callable[..., Any]) -> None:
    for supporters in (
        os.supports_dir_fd,
        os.supports_effective_ids,
        os.supports_fd,
        os.supports_follow_symlinks,
    ):
        if original in supporters:
            supporters.add(wrapper)
