"""Everything that is exchanged while a program is under control, in one place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_racecheck.runtime.threads import (
    clock,
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
from pytest_racecheck.runtime.threads.chance import Chance
from pytest_racecheck.runtime.threads.datetimes import VirtualDates
from pytest_racecheck.runtime.threads.finalisers import unheard
from pytest_racecheck.runtime.threads.patches import Patches
from pytest_racecheck.runtime.threads.thread_locals import thread_locals

if TYPE_CHECKING:
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
]


@contextlib.contextmanager
def all_replaced(scheduler: Scheduler) -> Iterator[None]:
    """Exchange the primitives of threading, time and the rest for controlled ones inside the block."""
    scheduler.locals = thread_locals()
    names, chance = identities.MadeUpNames(), Chance()

    def begin() -> None:
        names.begin()
        chance.begin()

    scheduler.beginning = begin
    pairs = [*_REPLACEMENTS, *loops.replacements(), *chance.replacements()]
    attributes = [*_ATTRIBUTES, *chance.attributes()]
    with (
        unheard(),
        names,
        VirtualDates(),
        Patches(pairs, attributes),
        known_locks.KnownLocks(pairs),
    ):
        yield
