"""Whether the processes that a test has started wait as well, and only for each other.

What they wait for must be something that only they have: a lock, a child, a pipe that nobody else holds, a pair of sockets without a name that was
made since. The two processes that multiprocessing keeps for itself wait for work, and count as at rest where they do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from pytest_racecheck.runtime.jitter.ending import descendants
from pytest_racecheck.runtime.jitter.waits import wait_of
from pytest_racecheck.runtime.threads.elsewhere import Beforehand, multiprocessings_own

_UNNAMED = 7


def at_rest(before: Beforehand, own: Iterable[int]) -> bool:
    """Whether all processes that come from this one since `before` are; `own` are the descriptors that this one waits for."""
    family = [pid for pid in descendants(os.getpid(), before.children) if not _is_dead(pid)]
    keepers = multiprocessings_own()
    if not set(family) - keepers:
        return False
    try:
        waits = [(pid, wait_of(tid, pid)) for pid in family for tid in _threads(pid)]
        if any(fds is None for _, fds in waits):
            return False
        wanted = [(pid, fd) for pid, fds in waits if pid not in keepers for fd in fds or ()]
        wanted += [(os.getpid(), fd) for fd in own]
        held = _held_by_others({os.getpid(), *family}) if wanted else set()
        return all(_is_private(pid, fd, before, held) for pid, fd in wanted)
    except (OSError, ValueError):
        return False


def _is_dead(pid: int) -> bool:
    """Whether it has ended, and nobody has asked for it yet."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0] == b"Z"
    return True


def _threads(pid: int) -> list[int]:
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]


def _is_private(pid: int, fd: int, before: Beforehand, held: set[str]) -> bool:
    """Whether whoever is at the other end is of the family; `held` is what others have open."""
    target = os.readlink(f"/proc/{pid}/fd/{fd}")
    kind, _, number = target.partition(":[")
    if kind == "pipe":
        return target not in held
    if kind.startswith("anon_inode"):
        return True
    found = os.stat(f"/proc/{pid}/fd/{fd}")
    is_new = (found.st_dev, found.st_ino) not in before.files
    return kind == "socket" and is_new and number.rstrip("]") in _nameless()


def _held_by_others(family: set[int]) -> set[str]:
    """What processes have open that are not of the family, as far as one may know."""
    held: set[str] = set()
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in family:
            with contextlib.suppress(OSError):
                for fd in os.listdir(f"/proc/{name}/fd"):
                    with contextlib.suppress(OSError):
                        held.add(os.readlink(f"/proc/{name}/fd/{fd}"))
    return held


def _nameless() -> set[str]:
    """The sockets of this machine that are one of a pair, or were connected to under no name."""
    with (
        contextlib.suppress(OSError),
        open("/proc/net/unix", encoding="ascii", errors="replace") as file,
    ):
        lines = [line.split() for line in file]
        return {words[6] for words in lines if len(words) == _UNNAMED}
    return set()
