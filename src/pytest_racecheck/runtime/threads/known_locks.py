"""Locks that were made before the campaign: at import, by fixtures, by libraries.

They are objects of C and block the one OS thread on which all tasks run. So for the length of the campaign everybody who
holds one holds a controlled lock instead, with the real one inside. The same goes for their bound methods, which Condition keeps,
and for the functions that make locks, where somebody other than a module holds them (a class attribute, a default, a closure).

Left alone are what the interpreter itself releases when a thread ends, and the locks with which `threading` guards its books: those
are held for moments in which no task can be switched.

Afterwards all of it is put back; and the locks that were made during the campaign and live on, in a cache or a lazily made
singleton, are then held as the real locks that they have inside.
"""

from __future__ import annotations

import _thread
import gc
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from types import BuiltinMethodType, MethodType
from typing import Any

from pytest_racecheck.instrument.heap import Since, living, of_types
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.holders import Undo, exchange
from pytest_racecheck.runtime.threads.known_holders import KnownHolders, Pairs, references_besides
from pytest_racecheck.runtime.threads.locks import Lock, RealLock
from pytest_racecheck.runtime.threads.patches import Replacement
from pytest_racecheck.runtime.threads.rlocks import RealRLock, RLock

_LockType = type(RealLock())
_CONTROLLED: dict[type, Any] = {_LockType: Lock, RealRLock: RLock}
_NONE: Mapping[type, Any] = {}
# What `threading` and the interpreter use between themselves.
_BOOKS = ("_active_limbo_lock", "_shutdown_locks_lock")
_UNTIL_THE_END = "_tstate_lock"


class KnownLocks:
    """Inside the block everybody holds controlled locks; `functions` are replaced where others than modules hold them.

    `kinds` are further kinds of lock, each with what controls it, and `living` are those of them that there are.
    """

    def __init__(
        self,
        functions: Sequence[Replacement] = (),
        kinds: Mapping[type, Any] = _NONE,
        living: Callable[[], Sequence[object]] = tuple,
    ) -> None:
        self._functions = functions
        self._more_kinds = kinds
        self._kinds = {**_CONTROLLED, **kinds}
        self._living = living
        self._undo: list[Undo] = []
        self._locks: list[Any] = []
        self._since = Since()

    def __enter__(self) -> KnownLocks:
        """Exchange them."""
        known: KnownHolders = control.known_holders or KnownHolders()
        control.known_holders = known
        variables = list(_own_variables(self._functions))
        own = [self._kinds, self._more_kinds, _CONTROLLED, *(cell for cell, _ in variables)]
        controlled = frozenset(self._kinds.values())
        there = living({*self._kinds, *controlled, BuiltinMethodType})
        older = Counter(id(getattr(one, "real", None)) for one in there if type(one) in controlled)
        known.look_up(self._besides(), own, older, (*map(id, self._kinds), len(self._functions)))
        pairs = _with_methods(
            BuiltinMethodType,
            self._kinds,
            self._controlled,
            partial(of_types, there),
            self._living(),
        )
        there.clear()
        self._locks = [new for _, new in pairs.values() if type(new) in self._kinds.values()]
        pairs.update({id(original): (original, new) for original, new in self._functions})
        self._undo = exchange(pairs, [*_spared(), *variables], known)
        return self

    def __exit__(self, *_: object) -> None:
        """Put them back."""
        # The search for holders takes time by objects times locks: what ended runs have left in cycles would make it minutes. None of that is old.
        gc.collect(0 if self._since.is_young else 1)
        while self._undo:
            self._undo.pop()()
        while self._locks:
            self._locks.pop().put_back()
        pairs = _with_methods(MethodType, self._kinds.values(), _real, self._since.living)
        exchange(pairs)

    def _besides(self) -> Mapping[type, int]:
        """How many references a lock has that nobody holds who is to hold another one."""
        return references_besides(
            {id(one): (one, self._controlled(one)) for one in (RealLock(), RealRLock())}
        )

    def _controlled(self, real: Any) -> Any:
        return self._kinds[type(real)].around(real)


def _real(lock: Any) -> Any:
    """What `lock` has inside; itself where an interrupt came while it was made, and nobody has it."""
    real = getattr(lock, "real", None)
    if real is None:
        return lock
    lock.put_back()
    return real


def _with_methods(
    method: type,
    kinds: Iterable[type],
    other: Any,
    among: Callable[[Collection[type]], list[Any]],
    more: Sequence[object] = (),
) -> Pairs:
    """The living locks of these kinds, and what bound methods of theirs there are, each with what takes its place.

    `among` finds the objects of some types; `more` are such as the garbage collector does not know.
    """
    wanted = {*kinds, method}
    found = among(wanted)
    known = set(map(id, found))
    found += [one for one in more if id(one) not in known]
    pairs: Pairs = {id(one): (one, other(one)) for one in found if type(one) is not method}
    for one in found:
        bound_to: Any = one
        if (
            type(one) is method
            and type(bound_to.__self__) in wanted
            and id(bound_to.__self__) in pairs
        ):
            bound = getattr(pairs[id(bound_to.__self__)][1], bound_to.__name__)
            pairs[id(one)] = (one, bound)
    found.clear()
    return pairs


def _own_variables(functions: Sequence[Replacement]) -> Iterable[tuple[object, str]]:
    """What stands in for a function still calls the function itself."""
    for _, new in functions:
        for cell in getattr(new, "__closure__", None) or ():
            yield cell, "cell_contents"


def _spared() -> Iterable[tuple[object, str]]:
    yield from ((vars(threading), name) for name in _BOOKS)
    for thread in threading.enumerate():
        yield vars(thread), _UNTIL_THE_END


REPLACEMENTS: tuple[Replacement, ...] = (
    (_thread.allocate_lock, Lock),
    (_thread.allocate, Lock),
    (_LockType, Lock),
    (_thread.RLock, RLock),
)
