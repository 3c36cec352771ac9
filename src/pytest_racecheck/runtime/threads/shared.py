"""What threads share: plain objects, and threading's."""

from __future__ import annotations

import array
import builtins
import queue
import threading
from collections.abc import Sequence
from typing import Any


class SharedValue:
    """A plain attribute, `value`: reading and writing it are two steps, as for any attribute."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        """The value it has now."""
        return f"SharedValue({self.value!r})"


class ThreadShared:
    """Makes what threads share; satisfies `runtime.backend.Shared`."""

    def counter(self, start: int = 0) -> SharedValue:
        """An object with one attribute, `value`."""
        return SharedValue(start)

    def value(self, typecode: str, start: Any) -> SharedValue:  # noqa: ARG002
        """An object with one attribute, `value`; the typecode is for processes."""
        return SharedValue(start)

    def array(self, typecode: str, items: Sequence[Any]) -> array.array[Any]:
        """An array of that typecode."""
        return array.array(typecode, items)

    def dict(self, start: Any = ()) -> builtins.dict[Any, Any]:
        """A plain dict."""
        return dict(start)

    def list(self, start: Any = ()) -> builtins.list[Any]:
        """A plain list."""
        return list(start)

    def queue(self) -> queue.Queue[Any]:
        """A queue.Queue without bound."""
        return queue.Queue()

    def lock(self) -> threading.Lock:
        """A threading.Lock."""
        return threading.Lock()

    def rlock(self) -> Any:
        """A threading.RLock."""
        return threading.RLock()

    def semaphore(self, value: int = 1) -> threading.Semaphore:
        """A threading.Semaphore."""
        return threading.Semaphore(value)

    def condition(self) -> threading.Condition:
        """A threading.Condition with a lock of its own."""
        return threading.Condition()

    def event(self) -> threading.Event:
        """A threading.Event."""
        return threading.Event()

    def barrier(self, parties: int) -> threading.Barrier:
        """A threading.Barrier."""
        return threading.Barrier(parties)
