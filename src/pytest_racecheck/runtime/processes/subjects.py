"""What all processes know an object of multiprocessing by.

A Queue, an Event or a Condition is Python code over semaphores and pipes, and each process has one of its own, a copy or made anew. What those
are made of is the same for all of them, and one part of it belongs to no other object.
"""

from __future__ import annotations

import os
from multiprocessing import connection, queues, synchronize
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.request import Key

# Of each type the part that is nobody else's: two conditions may have one lock.
_PARTS: dict[type, tuple[str, ...]] = {
    synchronize.Event: ("_flag",),
    synchronize.Condition: ("_sleeping_count",),
    synchronize.Barrier: ("_cond", "_sleeping_count"),
    queues.Queue: ("_rlock",),
    queues.SimpleQueue: ("_rlock",),
}
_fstat = os.fstat


def key_of(obj: Any) -> Key | None:
    """The key of `obj`, equal in all processes; None for what is none of these."""
    for kind in type(obj).__mro__:
        if kind is connection.Connection:
            return _of_connection(obj)
        if kind in _PARTS:
            return _of_parts(obj, _PARTS[kind])
    return None


def _of_parts(obj: Any, names: tuple[str, ...]) -> Key | None:
    for name in names:
        obj = getattr(obj, name, None)
    key = getattr(getattr(obj, "_semlock", None), "key", None)
    return None if key is None else ("made of", *key)


def _of_connection(end: Any) -> Key | None:
    try:
        status = _fstat(end.fileno())
    except (OSError, ValueError):
        return None
    # The two ends of a pipe are one inode, and what is done at them is about the same messages.
    return ("pipe", status.st_dev, status.st_ino)
