"""Whether somebody in another process may be at the other end of a descriptor.

What has no name (a pipe, a pair of sockets) can only be shared with a child that was made after it. So of the children that a session
has anyway, a database server or a worker, none counts for what a run opens. Nor do the two processes that multiprocessing keeps for
itself, which are given nothing of the program's; the children that are made through one of them are known to it by name.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from pytest_racecheck.runtime.processor_time import children_of

_FDS = "/proc/self/fd"
_Ends = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Beforehand:
    """Which children there were at some time, and which files were open then, by device and number."""

    children: frozenset[int] = frozenset()
    files: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def now(cls) -> Beforehand:
        """At this moment."""
        return cls(frozenset(children()), frozenset(map(_file, _open())))


def leads_elsewhere(
    fds: Iterable[int], before: Beforehand = Beforehand(), parts: Collection[int] = ()
) -> bool:
    """Whether one of `fds` is, or may be, the end of something whose other end is in another process.

    A child that was there `before` has nothing that was opened since. Those that are `parts` of the program are nobody else.
    """
    everybody = children().difference(parts)
    since = everybody - before.children
    own: set[_Ends] | None = None
    for fd in fds:
        if fd < 0:
            continue
        ends = _ends_of(fd)
        if ends is None or not ends[1]:
            # A pipe, a pair of sockets without names, one that listens: whoever it is shared with is a child.
            if since or (everybody and _file(fd) in before.files):
                return True
            continue
        if own is None:
            own = _own_ends()
        here, there = ends
        waits_to_be_accepted = (there, None) in own and not everybody
        if (there, here) not in own and not waits_to_be_accepted:
            return True
    return False


def _ends_of(fd: int) -> _Ends | None:
    """The addresses of a socket and of what it is connected to, None for the latter where it is not."""
    with contextlib.suppress(OSError), _borrowed(fd) as borrowed:
        here = borrowed.getsockname()
        try:
            return here, borrowed.getpeername()
        except OSError:
            return here, None
    return None


def _own_ends() -> set[_Ends]:
    return {ends for ends in map(_ends_of, _open()) if ends is not None}


@contextlib.contextmanager
def _borrowed(fd: int) -> Any:
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        raise OSError
    borrowed = socket.socket(fileno=fd)
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _file(fd: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        found = os.fstat(fd)
        return found.st_dev, found.st_ino
    return -1, -1


def _open() -> list[int]:
    return [int(name) for name in os.listdir(_FDS)] if os.path.isdir(_FDS) else []


def children() -> set[int]:
    """The children of this process, as far as can be told."""
    found = {child.pid for child in getattr(_loaded("process"), "_children", ())}
    with contextlib.suppress(OSError):
        found |= children_of("self")
    return found - multiprocessings_own()


def multiprocessings_own() -> set[int]:
    """The processes that multiprocessing keeps for itself."""
    tracker = getattr(_loaded("resource_tracker"), "_resource_tracker", None)
    server = getattr(_loaded("forkserver"), "_forkserver", None)
    found = (getattr(tracker, "_pid", None), getattr(server, "_forkserver_pid", None))
    return {pid for pid in found if pid is not None}


def _loaded(module: str) -> Any:
    return sys.modules.get(f"multiprocessing.{module}")
