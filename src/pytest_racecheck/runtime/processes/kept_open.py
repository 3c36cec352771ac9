"""Descriptors of our own in a process of the program, which knows nothing of them.

A process that makes itself a daemon, or that wants to let go of whatever it was given, closes all descriptors that it could possibly have. Ours would
be among them, and the process be taken for one that has died without a word. So to the program they are closed already: it is told what it would
be told without us.
"""

from __future__ import annotations

import errno
import os
from typing import Any

from pytest_racecheck.runtime.threads.identities import calling_task

close_really = os.close
_closerange = os.closerange
# The first descriptor that is no standard stream, and one that is beyond all.
_FIRST, _ALL = 3, 1 << 30
#: Those of this process.
kept: set[int] = set()


def close(fd: Any) -> None:
    """`os.close`."""
    if fd in kept and calling_task() is not None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    close_really(fd)


def closerange(fd_low: int, fd_high: int, /) -> None:
    """`os.closerange`."""
    if calling_task() is not None:
        _close_others(fd_low, fd_high)
    else:
        _closerange(fd_low, fd_high)


def _close_others(low: int, high: int) -> None:
    for fd in sorted(kept):
        if low <= fd < high:
            _closerange(low, fd)
            low = fd + 1
    _closerange(low, high)


def close_all() -> None:
    """The end: close whatever there is but the standard streams, our own last."""
    _close_others(_FIRST, _ALL)
    for fd in sorted(kept):
        close_really(fd)


REPLACEMENTS = ((close_really, close), (_closerange, closerange))
