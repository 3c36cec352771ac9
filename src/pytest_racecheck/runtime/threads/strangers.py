"""Processes that are no part of the program: those that `subprocess` starts, and those of a bare `os.fork`.

Whoever waits for the end of such a process, or for what comes out of it, waits in real time. If others went on meanwhile it would depend on how
fast the system is how far they come. So it is one operation: everybody stands still until that process has ended, or has closed what it
writes to. Then what the program does is a function of its schedule, if the stranger is one of what it is given.

But it may itself wait for somebody of the program, who stands still; that shows by its doing nothing. Then the others go on, as they do for
everything else that comes from outside (see `outside.py`).
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Collection, Sequence
from typing import Any

from pytest_racecheck.runtime.processor_time import is_at_work, processor_time
from pytest_racecheck.runtime.threads.elsewhere import Beforehand, children

#: A file descriptor, and the events of `select.poll` that are waited for.
Pair = tuple[int, int]
# How long a stranger may do nothing until it is taken to wait for somebody, in seconds: before anything has come of it, and after that.
IDLE_BEFORE, IDLE_AFTER = 0.8, 0.02
# It may compute so long.
LONGEST = 4.0
_GLANCE = 0.005
# While a campaign is on, the modules hold controlled ones.
_monotonic = time.monotonic
_poll: Any = getattr(select, "poll", None)
_open = open
# Of a descriptor for reading the other end is one for writing.
_READING, _WRITING = str(os.O_RDONLY), str(os.O_WRONLY)
_OTHER = {_READING: _WRITING, _WRITING: _READING}
_OVER: int = select.POLLHUP | select.POLLERR | select.POLLNVAL if hasattr(select, "POLLHUP") else 0


def whose(pairs: Sequence[Pair], before: Beforehand, parts: Collection[int]) -> frozenset[int]:
    """The strangers that one waits for who waits for `pairs`; none where others could make those ready, too, or where nobody can tell.

    `before` is what there was before the campaign, `parts` are the children that are part of the program.
    """
    if _poll is None or not pairs:
        return frozenset()
    strangers = children() - before.children - set(parts)
    found: set[int] = set()
    for fd, _ in pairs if strangers else ():
        holders = _holders(fd, strangers, parts)
        if not holders:
            return frozenset()
        found |= holders
    return frozenset(found)


def stand_still(pairs: Sequence[Pair], strangers: Collection[int], longest: float | None) -> bool:
    """Wait until they have nothing more to give to `pairs`; whether one of these is ready. No longer than `longest`, if that is given."""
    asked = _poll()
    for fd, events in pairs:
        asked.register(fd, events)
    watch = _Watch(strangers)
    end = _monotonic() + (LONGEST if longest is None else min(LONGEST, longest))
    while True:
        ready = dict(asked.poll(_GLANCE * 1000))
        if all(_is_over(fd, ready.get(fd, 0)) for fd, _ in pairs):
            return True
        if watch.idle() > (IDLE_AFTER if ready else IDLE_BEFORE) or _monotonic() > end:
            return bool(ready)
        if ready:
            # There is something already: `poll` would come back at once.
            _pause()


def _pause() -> None:
    _poll().poll(_GLANCE * 1000)


def are_asked(pairs: Sequence[Pair], before: Beforehand, parts: Collection[int]) -> bool:
    """Whether who waits for `pairs` waits for strangers alone, and these may have more to give to it than there is by now."""
    return bool(whose(pairs, before, parts)) and _has_more(pairs)


def _has_more(pairs: Sequence[Pair]) -> bool:
    """Whether none of `pairs` can be written to, and not all are at their end."""
    asked = _poll()
    for fd, events in pairs:
        asked.register(fd, events)
    ready = dict(asked.poll(0))
    writable = any(ready.get(fd, 0) & events & select.POLLOUT for fd, events in pairs)
    return not writable and not all(_is_over(fd, ready.get(fd, 0)) for fd, _ in pairs)


def _is_over(fd: int, events: int) -> bool:
    return bool(events & _OVER) or (bool(events) and _process_behind(fd) is not None)


class _Watch:
    """Tells for how long some processes have done nothing."""

    def __init__(self, processes: Collection[int]) -> None:
        self._processes = processes
        self._used, self._since = self._time(), _monotonic()

    def idle(self) -> float:
        """In seconds."""
        used, now = self._time(), _monotonic()
        if used != self._used or any(map(is_at_work, self._processes)):
            self._used, self._since = used, now
        return now - self._since

    def _time(self) -> float:
        return sum(map(processor_time, self._processes))


def _holders(fd: int, strangers: Collection[int], parts: Collection[int]) -> set[int]:
    """Which of the strangers have the other end of `fd`, if nobody else has it."""
    process = _process_behind(fd)
    if process is not None:
        return {process} & set(strangers)
    other_end = _other_end_of(fd)
    if other_end is None or any(_has(pid, other_end) for pid in ("self", *parts)):
        return set()
    return {pid for pid in strangers if _has(pid, other_end)}


def _process_behind(fd: int) -> int | None:
    """Whose end `fd` tells of, if it is a descriptor of that kind."""
    for line in _told_of("self", fd):
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return None


def _other_end_of(fd: int) -> tuple[str, str] | None:
    """Which pipe it is, and how its other end is opened."""
    name, other = _link(f"/proc/self/fd/{fd}"), _OTHER.get(_mode("self", fd))
    return (name, other) if other is not None and name.startswith("pipe:") else None


def _has(pid: object, end: tuple[str, str]) -> bool:
    name, mode = end
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            if _link(f"/proc/{pid}/fd/{fd}") == name and _mode(pid, fd) == mode:
                return True
    return False


def _link(path: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(path)
    return ""


def _mode(pid: object, fd: object) -> str:
    """What a descriptor is for."""
    for line in _told_of(pid, fd):
        if line.startswith("flags:"):
            return str(int(line.split()[1], 8) & os.O_ACCMODE)
    return ""


def _told_of(pid: object, fd: object) -> list[str]:
    with contextlib.suppress(OSError), _open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
        return file.read().splitlines()
    return []
