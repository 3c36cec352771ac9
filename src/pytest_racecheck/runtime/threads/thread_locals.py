"""`threading.local` per task, though all tasks share one OS thread.

Locals are C objects of which there are many: module globals, instances of subclasses with an `__init__` of their own, those of
libraries. Nothing can be put in their place while classes derive from the original, so they stay what they are, and what is exchanged
is the thread's identity in the interpreter's eyes, on which their lookups depend.

Up to 3.12 each local asks the dictionary of its thread's state for a key of its own. While a task runs, that dictionary has the task's
entries. Most tasks have none, so a switch seldom costs more than a look.

From 3.13 on it is the other way round: each local has a dictionary by thread, and a thread is known by a key object in its state,
with a sentinel beside it whose end is the sign to drop the thread's values. A task brings a key and a sentinel of its own, and while
it runs the thread's state points to those. Where these two words are in the state is looked up, by the objects that they must
point to, and tried out; if they are not found, locals are not controlled and the verdict says so.

The main task has the values that its thread has. A task's values die when it ends.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import struct
import sys
import weakref
from _thread import _local
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.task import Task

_NOTHING: Any = object()
# In the same dictionary asyncio keeps the running loop, and elsewhere a pointer to that: it must stay. `loops.py` sees to it.
_RUNNING_LOOP = "__asyncio_running_event_loop__"
_WORD = struct.calcsize("P")
# The two words lie within the first so many of a thread's state.
_SEARCHED = 60


class ThreadLocals(Protocol):
    """Whose values the calling OS thread's locals have."""

    controlled: bool

    def begin(self, main: Task) -> None:
        """A run begins: the values that are there are those of its main task."""

    def enter(self, task: Task) -> None:
        """From now on the values are those of `task`."""

    def leave(self, task: Task) -> None:
        """`task`, which was the last to enter, has ended, and its values with it."""


class Uncontrolled:
    """All tasks see the values of the thread."""

    controlled = False

    def begin(self, main: Task) -> None:
        """Nothing to do."""

    enter = leave = begin


class _ByDictionary:
    """Exchanges what is in the dictionary of the thread's state."""

    controlled = True

    def __init__(self) -> None:
        ask = ctypes.pythonapi.PyThreadState_GetDict
        # As an address: what it returns is borrowed, and ctypes would give back a reference that it was never given.
        ask.restype = ctypes.c_void_p
        self._values: dict[Any, Any] = ctypes.cast(ask(), ctypes.py_object).value
        self._seated: Task | None = None

    def begin(self, main: Task) -> None:
        self._seated = main

    def enter(self, task: Task) -> None:
        seated, values = self._seated, self._values
        if seated is task:
            return
        if values or task.local:
            loop = values.pop(_RUNNING_LOOP, _NOTHING)
            if values and seated is not None:
                seated.local = values.copy()
            values.clear()
            if task.local:
                values.update(task.local)
                task.local = None
            if loop is not _NOTHING:
                values[_RUNNING_LOOP] = loop
        self._seated = task

    def leave(self, task: Task) -> None:
        self._seated = None
        task.local = None
        values = self._values
        if values:
            # What dies here may look at its thread's values, but not at a dictionary that is being emptied.
            loop = values.pop(_RUNNING_LOOP, _NOTHING)
            dying = values.copy()
            values.clear()
            if loop is not _NOTHING:
                values[_RUNNING_LOOP] = loop
            dying.clear()


class _Sentinel:
    """Its end is the end of a task's values."""

    __slots__ = ("__weakref__",)


class _Seat:
    """A task's identity to the locals: the key and the sentinel, and their addresses as they stand in the thread's state."""

    __slots__ = ("key", "sentinel", "words")

    def __init__(self, key: object, sentinel: object) -> None:
        self.key = key
        self.sentinel = sentinel
        self.words = struct.pack("PP", id(key), id(sentinel))


class _ByKey:
    """Lets the thread's state point to the key and the sentinel of the task."""

    controlled = True

    def __init__(self) -> None:
        key, sentinel, place = _find_words()
        self._own = _Seat(key, sentinel)
        self._window = memoryview((ctypes.c_char * (2 * _WORD)).from_address(place)).cast("B")
        # Seats whose values nobody has ever asked for.
        self._spare: list[_Seat] = []

    def begin(self, main: Task) -> None:
        main.local = self._own

    def enter(self, task: Task) -> None:
        seat = task.local
        if seat is None:
            seat = task.local = self._spare.pop() if self._spare else _Seat(object(), _Sentinel())
        self._window[:] = seat.words

    def leave(self, task: Task) -> None:
        self._window[:] = self._own.words
        seat, task.local = task.local, None
        if (
            seat is not None
            and seat is not self._own
            and not weakref.getweakrefcount(seat.sentinel)
        ):
            self._spare.append(seat)


def _find_words() -> tuple[object, object, int]:
    """The calling thread's key and sentinel, and where in its state they stand; raises LookupError if that cannot be told."""
    probe = _local()
    probe.value = None
    held = gc.get_referents(probe)
    key = next(iter(next(one for one in held if type(one) is dict and one)))
    sentinel = next(iter(next(one for one in held if type(one) is set and one)))()
    ask = ctypes.pythonapi.PyThreadState_Get
    ask.restype = ctypes.c_void_p
    start: int = ask()
    words = struct.unpack(f"{_SEARCHED}P", ctypes.string_at(start, _SEARCHED * _WORD))
    pairs = list(itertools.pairwise(words))
    if pairs.count((id(key), id(sentinel))) != 1:
        raise LookupError("the thread's key is not where it is looked for")
    return key, sentinel, start + pairs.index((id(key), id(sentinel))) * _WORD


def thread_locals() -> ThreadLocals:
    """What gives tasks that run on the calling thread their own values."""
    if sys.version_info < (3, 13):
        return _ByDictionary()
    try:
        return _ByKey()
    except (LookupError, StopIteration, TypeError):
        return Uncontrolled()
