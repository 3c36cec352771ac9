"""Whether a process computes, with all that it has started: who waits for its child to compute is at work itself."""

from __future__ import annotations

import os

# While a campaign is on, the modules hold controlled ones.
_open = open
_listdir = os.listdir
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


# Running, or waiting for a disk.
_AT_WORK = (b"R", b"D")


def processor_time(pid: int) -> float:
    """Seconds of the processor that the process has used, with those of its children, gone or not; 0.0 where nobody tells."""
    try:
        own = sum(map(int, fields_of(f"/proc/{pid}")[11:15])) / _TICKS
        return own + sum(map(processor_time, children_of(pid)))
    except OSError:
        return 0.0


def is_at_work(pid: int) -> bool:
    """Whether it is just now, or would be if it were given the processor."""
    try:
        return fields_of(f"/proc/{pid}")[0] in _AT_WORK or any(map(is_at_work, children_of(pid)))
    except OSError:
        return False


def fields_of(folder: str) -> list[bytes]:
    """What the kernel says of a process or a thread, from its state on; raises OSError."""
    with _open(f"{folder}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


def children_of(pid: int | str) -> set[int]:
    """The children that all its threads have, where the system tells."""
    found: set[int] = set()
    for thread in _listdir(f"/proc/{pid}/task"):
        with _open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
            found.update(map(int, file.read().split()))
    return found
