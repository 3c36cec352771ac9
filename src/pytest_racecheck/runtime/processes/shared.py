"""What processes share: multiprocessing's own objects, or a manager's proxies.

Both satisfy `runtime.backend.Shared`. Processes have no dict and no list of their own to share, so those are proxies either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.managers import SyncManager
from typing import Any, Protocol


class Running(Protocol):
    """Has a manager when it is needed."""

    def running(self) -> SyncManager: ...


class ProcessShared:
    """Makes objects of multiprocessing in one context."""

    def __init__(self, context: Any, server: Running) -> None:
        self._context = context
        self._server = server

    def counter(self, start: int = 0) -> Any:
        """A Value of 64 bits: each access is locked, `value += 1` as a whole is not."""
        return self._context.Value("q", start)

    def value(self, typecode: str, start: Any) -> Any:
        """A Value with its lock."""
        return self._context.Value(typecode, start)

    def array(self, typecode: str, items: Sequence[Any]) -> Any:
        """An Array with its lock."""
        return self._context.Array(typecode, items)

    def dict(self, start: Any = ()) -> Any:
        """A manager's dict: processes have no other to share."""
        return self._server.running().dict(start)

    def list(self, start: Any = ()) -> Any:
        """A manager's list: processes have no other to share."""
        return self._server.running().list(start)

    def queue(self) -> Any:
        """A Queue without bound."""
        return self._context.Queue()

    def lock(self) -> Any:
        """A Lock."""
        return self._context.Lock()

    def rlock(self) -> Any:
        """An RLock."""
        return self._context.RLock()

    def semaphore(self, value: int = 1) -> Any:
        """A Semaphore."""
        return self._context.Semaphore(value)

    def condition(self) -> Any:
        """A Condition with a lock of its own."""
        return self._context.Condition()

    def event(self) -> Any:
        """An Event."""
        return self._context.Event()

    def barrier(self, parties: int) -> Any:
        """A Barrier."""
        return self._context.Barrier(parties)


class ManagerShared:
    """Makes proxies of what lives in a manager's server."""

    def __init__(self, manager: SyncManager) -> None:
        self._manager = manager

    def counter(self, start: int = 0) -> Any:
        """A proxy with one attribute, `value`."""
        return self._manager.Value("q", start)

    def value(self, typecode: str, start: Any) -> Any:
        """A proxy with one attribute, `value`."""
        return self._manager.Value(typecode, start)

    def array(self, typecode: str, items: Sequence[Any]) -> Any:
        """A proxy of an array."""
        return self._manager.Array(typecode, items)

    def dict(self, start: Any = ()) -> Any:
        """A proxy of a dict."""
        return self._manager.dict(start)

    def list(self, start: Any = ()) -> Any:
        """A proxy of a list."""
        return self._manager.list(start)

    def queue(self) -> Any:
        """A proxy of a queue without bound."""
        return self._manager.Queue()

    def lock(self) -> Any:
        """A proxy of a lock."""
        return self._manager.Lock()

    def rlock(self) -> Any:
        """A proxy of a re-entrant lock."""
        return self._manager.RLock()

    def semaphore(self, value: int = 1) -> Any:
        """A proxy of a semaphore."""
        return self._manager.Semaphore(value)

    def condition(self) -> Any:
        """A proxy of a condition with a lock of its own."""
        return self._manager.Condition()

    def event(self) -> Any:
        """A proxy of an event."""
        return self._manager.Event()

    def barrier(self, parties: int) -> Any:
        """A proxy of a barrier."""
        return self._manager.Barrier(parties)
