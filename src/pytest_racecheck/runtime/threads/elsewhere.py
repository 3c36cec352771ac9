"""Whether somebody in another process may be at the other end of a descriptor."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Iterable
from typing import Any

_FDS = "/proc/self/fd"
_Ends = tuple[Any, Any]


def leads_elsewhere(fds: Iterable[int]) -> bool:
    """Whether one of `fds` is, or may be, the end of something whose other end is in another process."""
    children = _has_children()
    own: set[_Ends] | None = None
    for fd in fds:
        if fd < 0:
            continue
        ends = _ends_of(fd)
        if ends is None or not ends[1]:
            # A pipe, a pair of sockets without names, one that listens: whoever it is shared with is a child.
            if children:
                return True
            continue
        if own is None:
            own = _own_ends()
        here, there = ends
        waits_to_be_accepted = (there, None) in own and not children
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
    names = os.listdir(_FDS) if os.path.isdir(_FDS) else ()
    return {ends for ends in map(_ends_of, map(int, names)) if ends is not None}


@contextlib.contextmanager
def _borrowed(fd: int) -> Any:
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        raise OSError
    borrowed = socket.socket(fileno=fd)
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _has_children() -> bool:
    """Whether this process has children, as far as can be told."""
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                if file.read().strip():
                    return True
        return False
    started = sys.modules.get("multiprocessing.process")
    return bool(getattr(started, "_children", None))
