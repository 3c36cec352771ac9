"""A manager's server without a process: its objects live in the process that schedules.

In reality a manager's objects live in a server process, where a thread for each client does what proxies ask for. A process for each run takes as
long as the rest of the run, and one that is kept knows what earlier runs have done to it. And who goes on among its threads would be decided
there, by nobody.

Here what a proxy asks for is done by the task that asks, or by what stands in for it: so a task that waits for a manager's lock is one that waits
for a lock, as the lock is a controlled one like any other. Arguments and results travel as bytes all the same, so that nobody
shares by accident what in reality would be copied.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import queue
import threading
from collections.abc import Callable
from multiprocessing import managers, process
from multiprocessing.reduction import ForkingPickler
from traceback import format_exc
from typing import Any

# What these do is decided by the primitives they consist of.
_PRIMITIVES = (
    queue.Queue, threading.Event, threading.Semaphore, threading.Condition, threading.Barrier,
)  # fmt: skip
_READS = frozenset({
    "get", "keys", "values", "items", "copy", "count", "index", "is_set", "__getitem__", "__contains__", "__len__",
    "__getattribute__", "__iter__", "__reversed__", "__add__", "__mul__", "__rmul__", "__str__", "__repr__", "#GETVALUE",
})  # fmt: skip
Reply = tuple[str, Any]
_public_methods: Any = vars(managers)["public_methods"]


class KeptServer(managers.Server):
    """Does for one request after the other what a real one does; `address` is what its proxies know it by."""

    def __init__(self, registry: dict[str, Any], address: str) -> None:
        self.registry = registry
        self.address = address
        self.id_to_obj: dict[str, Any] = {"0": (None, ())}
        self.id_to_refcount: dict[str, int] = {}
        self.id_to_local_proxy_obj: dict[str, Any] = {}
        self.mutex: Any = contextlib.nullcontext()
        self._made = 0

    def is_bookkeeping(self, ident: str | None) -> bool:
        """Whether a request is none of the program's own: objects made, and references counted."""
        return ident is None

    def is_primitive(self, ident: str) -> bool:
        """Whether an object is one that tasks wait for, and which is controlled itself."""
        obj = self.id_to_obj.get(ident, (None,))[0]
        return isinstance(obj, _PRIMITIVES) or hasattr(obj, "contenders") or hasattr(obj, "acquire")

    def serve(self, request: bytes) -> bytes:
        """The answer to a request, both as they travel."""
        with self._is_manager():
            ident, name, args, kwds = pickle.loads(request)
        # From here on another task may ask in between.
        kind, result = self._answer(ident, name, args, kwds)
        try:
            return dumped((kind, result))
        except Exception:
            return dumped(("#UNSERIALIZABLE", format_exc()))

    @contextlib.contextmanager
    def _is_manager(self) -> Any:
        """Proxies of its own objects that come back to it are the manager's, while they are unpickled."""
        here: Any = process.current_process()
        before = getattr(here, "_manager_server", None)
        here._manager_server = self
        try:
            yield
        finally:
            here._manager_server = before

    def _answer(self, ident: str | None, name: str, args: Any, kwds: Any) -> Reply:
        if ident is None:
            return self._managed(name, args, kwds)
        try:
            obj, exposed, typeids = self.id_to_obj.get(ident) or self.id_to_local_proxy_obj[ident]
            if name in exposed:
                return self._called(obj, typeids, name, args, kwds)
            fallback: Callable[..., Any] = self.fallback_mapping[name]
            return "#RETURN", fallback(self, None, ident, obj, *args, **kwds)
        except Exception:
            return "#TRACEBACK", format_exc()

    def _called(self, obj: Any, typeids: Any, name: str, args: Any, kwds: Any) -> Reply:
        try:
            result = getattr(obj, name)(*args, **kwds)
        except Exception as error:
            return "#ERROR", error
        typeid = typeids and typeids.get(name)
        if not typeid:
            return "#RETURN", result
        ident, exposed = self.create(None, typeid, result)
        return "#PROXY", (exposed, managers.Token(typeid, self.address, ident))

    def _managed(self, name: str, args: Any, kwds: Any) -> Reply:
        if name in ("accept_connection", "shutdown", "dummy"):
            return "#RETURN", None
        try:
            assert name in self.public, f"{name!r} unrecognized"
            return "#RETURN", getattr(self, name)(None, *args, **kwds)
        except Exception:
            return "#TRACEBACK", format_exc()

    def create(
        self, c: Any, typeid: str, /, *args: Any, **kwds: Any
    ) -> tuple[str, tuple[str, ...]]:
        """A new shared object; as the original, but numbered in order: an id may come back."""
        make, exposed, typeids, _ = self.registry[typeid]
        obj = args[0] if make is None else make(*args, **kwds)
        names = list(_public_methods(obj) if exposed is None else exposed)
        self._made += 1
        ident = str(self._made)
        self.id_to_obj[ident] = (obj, {*names, *(typeids or ())}, typeids)
        self.id_to_refcount[ident] = 0
        self.incref(c, ident)
        return ident, (*names, *(typeids or ()))


def dumped(obj: object) -> bytes:
    """As it travels."""
    buffer = io.BytesIO()
    ForkingPickler(buffer, pickle.HIGHEST_PROTOCOL).dump(obj)
    return buffer.getvalue()


def gone(address: str) -> bytes:
    """What a proxy is answered whose server was shut down."""
    return dumped(("#ERROR", ConnectionRefusedError(f"the manager at {address} was shut down")))


def writes(name: str) -> bool:
    """Whether a method of that name may change what it is called on."""
    return name not in _READS
