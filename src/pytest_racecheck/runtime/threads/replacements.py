"""Everything that is exchanged while a program is under control, in one place."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.threads import (
    clock,
    exit_stacks,
    forking,
    identities,
    known_locks,
    loops,
    pipes,
    selecting,
    signals,
    simple_queue,
    sockets,
    spawning,
)
from pytest_racecheck.runtime.threads.addresses import Addresses
from pytest_racecheck.runtime.threads.chance import Chance
from pytest_racecheck.runtime.threads.datetimes import VirtualDates
from pytest_racecheck.runtime.threads.finalisers import unheard
from pytest_racecheck.runtime.threads.patches import Attribute, Patches, Replacement
from pytest_racecheck.runtime.threads.thread_locals import thread_locals

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement
    from pytest_racecheck.runtime.threads.scheduler import Scheduler

_REPLACEMENTS = [
    *known_locks.REPLACEMENTS,
    *spawning.REPLACEMENTS,
    *identities.REPLACEMENTS,
    *clock.REPLACEMENTS,
    *forking.REPLACEMENTS,
    *simple_queue.REPLACEMENTS,
    *selecting.REPLACEMENTS,
    *pipes.REPLACEMENTS,
    *signals.REPLACEMENTS,
]
_ATTRIBUTES = [
    *spawning.ATTRIBUTES,
    *sockets.ATTRIBUTES,
    *selecting.ATTRIBUTES,
    *pipes.ATTRIBUTES,
    *exit_stacks.ATTRIBUTES,
]


@dataclass(frozen=True, slots=True)
class More:
    """What else is exchanged: objects wherever modules hold them, attributes of classes, and kinds of locks, with those that there are.

    `files` are those of `pairs` that the import system and the tools around a test are to keep.
    """

    pairs: Sequence[Replacement] = ()
    files: Sequence[Replacement] = ()
    attributes: Sequence[Attribute] = ()
    locks: Mapping[type, Any] = field(default_factory=dict)
    living: Callable[[], Sequence[object]] = tuple


NO_MORE = More()
_SPARED = frozenset(
    {
        "posix", "nt", "_io", "_frozen_importlib", "_frozen_importlib_external", "importlib", "zipimport", "linecache", "tokenize",
        "_pytest", "pytest", "pluggy", "execnet", "xdist", "coverage", "py", "faulthandler", "traceback", "runpy",
    }
)  # fmt: skip


@contextlib.contextmanager
def all_replaced(scheduler: Scheduler, more: More = NO_MORE) -> Iterator[None]:
    """Exchange the primitives of threading, time and the rest for controlled ones inside the block, and `more` than these."""
    scheduler.locals = thread_locals()
    names, chance, addresses = identities.MadeUpNames(), Chance(), Addresses()

    def begin() -> None:
        names.begin()
        chance.begin()
        addresses.begin()

    scheduler.beginning = begin
    pairs = [
        *_REPLACEMENTS, *_of_databases(), *loops.replacements(), *chance.replacements(), *more.pairs,
    ]  # fmt: skip
    attributes = [
        *_ATTRIBUTES, *chance.attributes(), *addresses.attributes(),
        *(forking.telling_of_processes() if more is NO_MORE else more.attributes),
    ]  # fmt: skip
    with (
        unheard(),
        names,
        addresses,
        VirtualDates(),
        Patches(pairs, attributes),
        Patches(more.files, (), _SPARED),
        known_locks.KnownLocks(pairs, more.locks, more.living),
    ):
        yield


def _of_databases() -> tuple[Replacement, ...]:
    """Those of sqlite3, for programs that have loaded it."""
    if "sqlite3" not in sys.modules:
        return ()
    from pytest_racecheck.runtime.threads import databases

    return databases.REPLACEMENTS
