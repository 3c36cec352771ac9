"""`fcntl.flock` and `lockf`: locks that lie on files.

Who holds one only the kernel knows. So a task never waits there: it tries, and where somebody else holds the lock it stands aside until something has been done
to a lock on that file, or a process has ended, and tries again.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from pytest_racecheck.runtime.processes.acting import acting_place, sharing
from pytest_racecheck.runtime.processes.paths import path_of, shown
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.standing import told_of

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_close = os.close


def _locking(original: Callable[..., Any]) -> Callable[..., Any]:
    assert fcntl is not None
    nonblocking, unlock = fcntl.LOCK_NB, fcntl.LOCK_UN

    @functools.wraps(original)
    def call(fd: Any, cmd: int, *args: Any) -> Any:
        processes = sharing()
        number = fd if isinstance(fd, int) else fd.fileno()
        path = path_of(number) if processes is not None else None
        if processes is None or path is None:
            return original(fd, cmd, *args)
        key = ("file lock", path)
        action = "RELEASE" if cmd & unlock else "ACQUIRE"
        _stand(processes, "touch", key, action, path)
        while True:
            try:
                result = original(fd, cmd | (0 if cmd & unlock else nonblocking), *args)
            except BlockingIOError:
                if cmd & nonblocking:
                    raise
                _stand(processes, "retry", key, action, path)
            else:
                _LOCKED[number] = path
                return result

    return call


def _stand(processes: Any, what: str, key: Any, action: str, path: str) -> None:
    told = None
    if processes.recorded:
        told = told_of(None, action)._replace(name=f"the lock on {shown(path)}")
    place = acting_place(3)
    processes.perform(Request(what, key, True, place, told, ("acquire", None)))


# Descriptors of this process that may have a lock.
_LOCKED: dict[int, str] = {}


def closing(fd: int) -> None:
    """A descriptor is about to be closed: a lock goes with it."""
    path = _LOCKED.pop(fd, None) if isinstance(fd, int) else None
    processes = sharing() if path is not None else None
    if processes is not None:
        told = None
        if processes.recorded:
            told = told_of(None, "RELEASE")._replace(name=f"the lock on {shown(str(path))}")
        processes.perform(Request("touch", ("file lock", path), True, acting_place(3), told))


def close(fd: int, /) -> None:
    """`os.close`."""
    closing(fd)
    _close(fd)


REPLACEMENTS: tuple[tuple[Any, Any], ...] = ((_close, close),)
if fcntl is not None and sys.platform != "win32":
    REPLACEMENTS += tuple((one, _locking(one)) for one in (fcntl.flock, fcntl.lockf))
