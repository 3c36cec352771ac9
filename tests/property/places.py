"""Where a counter can live: each place makes one, steps it without protection, and reads it."""

from __future__ import annotations

import functools
import multiprocessing
import os
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import shared_memory
from multiprocessing.managers import SyncManager
from typing import Any

TOTAL = 0


@dataclass(frozen=True)
class Place:
    """A counter's home: `make(shared, start)` gives the counter, `step` adds one in two moves, `read` tells its value."""

    name: str
    backend: str
    make: Callable[[Any, int], Any]
    step: Callable[[Any], None]
    read: Callable[[Any], int]
    drop: Callable[[Any], None] = lambda counter: None

    def __str__(self) -> str:
        return f"{self.backend}-{self.name}"


class Box:
    """Something with an attribute."""

    def __init__(self, value: int) -> None:
        self.value = value


class Closure:
    """A counter in a closure cell, reached through two functions only."""

    def __init__(self, total: int) -> None:
        def step() -> None:
            nonlocal total
            total += 1

        self.step = step
        self.read = lambda: total


def step_value(counter: Any) -> None:
    """Add one to an attribute named value."""
    counter.value += 1


def read_value(counter: Any) -> int:
    """The attribute named value."""
    return int(counter.value)


def step_first(counter: Any) -> None:
    """Add one to the first element."""
    counter[0] += 1


def read_first(counter: Any) -> int:
    """The first element."""
    return int(counter[0])


def step_entry(counter: Any) -> None:
    """Add one to the entry named count."""
    counter["count"] += 1


def read_entry(counter: Any) -> int:
    """The entry named count."""
    return int(counter["count"])


def make_global(shared: Any, start: int) -> None:
    """Set the module's global."""
    global TOTAL
    TOTAL = start


def step_global(counter: Any) -> None:
    """Add one to the module's global."""
    global TOTAL
    TOTAL += 1


def read_global(counter: Any) -> int:
    """The module's global."""
    return TOTAL


def make_memory(shared: Any, start: int) -> shared_memory.SharedMemory:
    """A block of shared memory that holds one number."""
    block = shared_memory.SharedMemory(create=True, size=8)
    struct.pack_into("q", block.buf, 0, start)
    return block


def step_memory(block: shared_memory.SharedMemory) -> None:
    """Add one to the number in the block."""
    number = struct.unpack_from("q", block.buf, 0)[0]
    struct.pack_into("q", block.buf, 0, number + 1)


def read_memory(block: shared_memory.SharedMemory) -> int:
    """The number in the block."""
    return int(struct.unpack_from("q", block.buf, 0)[0])


def drop_memory(block: shared_memory.SharedMemory) -> None:
    """Give the block back."""
    block.close()
    block.unlink()


def make_file(shared: Any, start: int) -> str:
    """A file that holds one number."""
    handle, path = tempfile.mkstemp(prefix="racecheck-property-")
    with os.fdopen(handle, "w") as file:
        file.write(str(start))
    return path


def step_file(path: str) -> None:
    """Add one to the number in the file."""
    with open(path) as file:
        number = int(file.read() or 0)
    with open(path, "w") as file:
        file.write(str(number + 1))


def read_file(path: str) -> int:
    """The number in the file."""
    with open(path) as file:
        return int(file.read() or -1)


def make_namespace(shared: Any, start: int) -> Any:
    """A Namespace on a manager of this module's own, as a program would have one."""
    return own_manager().Namespace(value=start)


@functools.cache
def own_manager() -> SyncManager:
    """One manager for all campaigns; whoever runs them ends it."""
    return multiprocessing.Manager()


PLACES = [
    Place("attribute", "thread", lambda shared, n: Box(n), step_value, read_value),
    Place("global", "thread", make_global, step_global, read_global),
    Place("cell", "thread", lambda shared, n: Closure(n), lambda c: c.step(), lambda c: c.read()),
    Place("list slot", "thread", lambda shared, n: shared.list([n]), step_first, read_first),
    Place(
        "dict entry", "thread", lambda shared, n: shared.dict({"count": n}), step_entry, read_entry
    ),
    Place("Value", "process", lambda shared, n: shared.counter(n), step_value, read_value),
    Place("Array", "process", lambda shared, n: shared.array("q", [n]), step_first, read_first),
    Place("shared memory", "process", make_memory, step_memory, read_memory, drop_memory),
    Place("file", "process", make_file, step_file, read_file, os.unlink),
    Place("dict", "manager", lambda shared, n: shared.dict({"count": n}), step_entry, read_entry),
    Place("list", "manager", lambda shared, n: shared.list([n]), step_first, read_first),
    Place("Namespace", "manager", make_namespace, step_value, read_value),
    Place("Value", "manager", lambda shared, n: shared.counter(n), step_value, read_value),
]
