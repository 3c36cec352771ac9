"""In which call of the kernel a thread waits, for which files, and whether without a time limit.

Linux tells that of every thread of a process to the process itself and to those it comes from, in /proc: the number of the call and its arguments.
The numbers differ from machine to machine; where they are not known, nothing is.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable

TASKS = "/proc/self/task"
# Calls that wait, by their numbers: what they wait for, and which argument has the time limit, if there can be one.
_CALLS: dict[str, dict[int, tuple[str, int | None]]] = {
    "x86_64": {
        202: ("lock", 3), 34: ("signal", None), 128: ("signal", 2), 130: ("signal", None),
        0: ("file", None), 1: ("file", None), 43: ("file", None), 44: ("file", None), 45: ("file", None),
        46: ("file", None), 47: ("file", None), 288: ("file", None),
        7: ("poll", -2), 271: ("poll", 2), 23: ("select", 4), 270: ("select", 4),
        232: ("epoll", -3), 281: ("epoll", -3), 441: ("epoll", 3), 61: ("child", None), 247: ("child", None),
    },
    "aarch64": {
        98: ("lock", 3), 133: ("signal", None), 137: ("signal", 2),
        63: ("file", None), 64: ("file", None), 202: ("file", None), 206: ("file", None), 207: ("file", None),
        211: ("file", None), 212: ("file", None), 242: ("file", None),
        73: ("poll", 2), 72: ("select", 4), 22: ("epoll", -3), 441: ("epoll", 3), 260: ("child", None), 95: ("child", None),
    },
}  # fmt: skip
_64_BITS = sys.platform == "linux" and sys.maxsize > 2**32
#: The calls of this machine; empty where they are not known.
KNOWN = _CALLS.get(os.uname().machine, {}) if _64_BITS else {}
_FOREVER = 0xFFFFFFFF


def wait_of(tid: int, pid: int | str = "self") -> list[int] | None:
    """The descriptors that the thread of that process waits for; None if it does not wait, or not without a limit."""
    with open(f"/proc/{pid}/task/{tid}/syscall", encoding="ascii") as file:
        words = file.read().split()
    if len(words) < 7:
        return None
    number, arguments = int(words[0]), [int(word, 16) for word in words[1:7]]
    kind, limit = KNOWN.get(number, ("", None))
    if not kind or not _is_forever(arguments, limit):
        return None
    return _READERS[kind](arguments, pid)


def _is_forever(arguments: list[int], limit: int | None) -> bool:
    """Whether there is no time limit: none at all, a pointer to nothing, or a number below zero (argument -`limit`)."""
    if limit is None:
        return True
    if limit >= 0:
        return not arguments[limit]
    return arguments[-limit] & _FOREVER == _FOREVER


def _none(_arguments: list[int], _pid: int | str) -> list[int]:
    return []


def _first(arguments: list[int], _pid: int | str) -> list[int]:
    return [arguments[0]]


def _polled(arguments: list[int], pid: int | str) -> list[int]:
    entries = _memory(pid, arguments[0], 8 * arguments[1])
    return [fd for fd, _, _ in struct.iter_unpack("ihh", entries) if fd >= 0]


def _selected(arguments: list[int], pid: int | str) -> list[int]:
    size = (arguments[0] + 7) // 8
    sets = [_memory(pid, address, size) for address in arguments[1:4] if address]
    bits = [int.from_bytes(one, sys.byteorder) for one in sets]
    return [fd for fd in range(arguments[0]) if any(one >> fd & 1 for one in bits)]


def _watched(arguments: list[int], pid: int | str) -> list[int]:
    with open(f"/proc/{pid}/fdinfo/{arguments[0]}", encoding="ascii") as file:
        return [int(line.split()[1]) for line in file if line.startswith("tfd:")]


_READERS: dict[str, Callable[[list[int], int | str], list[int]]] = {
    "lock": _none,
    "signal": _none,
    "child": _none,
    "file": _first,
    "poll": _polled,
    "select": _selected,
    "epoll": _watched,
}  # fmt: skip


def _memory(pid: int | str, address: int, size: int) -> bytes:
    """The arguments of a call, read so that an address which is none any more does no harm."""
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        return os.pread(memory, size, address)
    finally:
        os.close(memory)
