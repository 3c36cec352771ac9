"""Where objects lie is no part of a schedule, but programs go by it.

`sorted((one, other), key=id)` is the order in which locks are taken, and a set of futures or of threads is gone through in the order of
their addresses. So inside a campaign `id` tells a task a number that depends on nothing but who asked first; and futures and threads that a run makes are hashed by
the order in which it made them. What was there before the run keeps its address and its hash: the program may have kept it under those.
To know what was there takes a look at the whole heap, and hardly any program asks, so it is taken once somebody has asked; the runs
before that go by addresses, and there are always some more of the first schedule until two in a row are the same.

Not covered: sets of other objects, and what is no object of the garbage collector's and was there before.
"""

from __future__ import annotations

import builtins
import functools
import gc
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.real_thread import RealThread
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.making import make

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

_OURS = "pytest_racecheck"
_id = builtins.id
_init_future = Future.__init__
# Like addresses: far above small numbers, and as far from each other as two objects are.
_FIRST, _APART = 1 << 46, 16
# The oldest generation of the garbage collector.
_OLD = 2


class Addresses:
    """What `id` and some hashes are to tasks inside the block; `begin` before each run."""

    def __init__(self) -> None:
        # By address; one that is made there later has a number of its own.
        self._numbers: dict[int, int] = {}
        self._made = 0
        self._asked = False
        self._before: frozenset[int] | None = None
        self._told: dict[int, int] = {}
        self._kept: list[object] = []

    def __enter__(self) -> Addresses:
        """From now on tasks are told numbers."""
        # The engine needs the real thing.
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == _OURS:
                vars(module).setdefault("id", _id)
        builtins.id = self.id
        # What is there now is old from here on, and what runs leave behind is young: that tells them apart when it is asked.
        gc.collect(1)
        return self

    def __exit__(self, *_: object) -> None:
        """Addresses again."""
        builtins.id = _id
        self._forget()

    def begin(self) -> None:
        """A run begins."""
        self._forget()
        if self._asked and self._before is None:
            self._before = frozenset(map(_id, gc.get_objects(generation=_OLD)))

    def _forget(self) -> None:
        self._made = 0
        for forgotten in (self._numbers, self._told, self._kept):
            forgotten.clear()

    def id(self, obj: object, /) -> int:
        """`id`."""
        address = _id(obj)
        if calling_task() is None or _is_ours(sys._getframe(1).f_globals):
            return address
        self._asked = True
        if self._before is None or address in self._before:
            return address
        told = self._told.get(address)
        return told if told is not None else self._tell(obj, address)

    def _tell(self, obj: object, address: int) -> int:
        """A number of its own, for as long as it lives."""
        told = self._told[address] = _FIRST + _APART * (len(self._kept) + 1)
        try:
            kept: object = weakref.ref(obj, lambda _: self._told.pop(address, None))
        except TypeError:
            kept = obj
        self._kept.append(kept)
        return told

    def attributes(self) -> list[Attribute]:
        """What classes have meanwhile."""
        by_number = _by_number(self._numbers)
        return [
            (Future, "__init__", self._numbering(_init_future)),
            (Future, "__hash__", by_number),
            # Where a thread is made there is more to do than the original does.
            (RealThread, "__init__", self._numbering(make)),
            (RealThread, "__hash__", by_number),
        ]

    def _numbering(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def initialise(one: Any, *arguments: Any, **named: Any) -> None:
            if calling_task() is not None:
                self._made += 1
                self._numbers[_id(one)] = self._made
            original(one, *arguments, **named)

        return initialise


def _by_number(numbers: dict[int, int]) -> Callable[[object], int]:
    def hash_of(one: object) -> int:
        number = numbers.get(_id(one))
        return object.__hash__(one) if number is None else number

    return hash_of


def _is_ours(namespace: dict[str, Any]) -> bool:
    return str(namespace.get("__name__")).partition(".")[0] == _OURS
