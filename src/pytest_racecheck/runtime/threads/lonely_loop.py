"""A task that goes round for ever when nobody else is left to end it.

Where one task is alone nothing can race, so what it does is no step, and the limit of steps never ends it. A flag that was lost to
a race leaves just that: one task that asks for it again and again. To count what it does would accuse every long computation. So once it has
gone on for as long as a run may take in steps, it is looked at closely: where all its functions stand, and what all their variables are. If
it comes by there again and everything is the same, while it has only read, it will do so for ever.

That is sure only where all that could have changed was seen. A call into C, code of the library, a property, memory that others may write, a `for`
(whose iterator is no variable), a loop of the library's that calls the program, a thread that is no task, a signal handler of the program's: with any of
them there is no telling, and it is left to the watchdog, which knows how long a run may compute. The distance from which the state is compared
doubles, as in Brent's search for a cycle (1980), so that what is computed for long pays next to nothing.
"""

from __future__ import annotations

import dis
import signal
import sys
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.operation import Kind
from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime.threads.beginning import is_seen
from pytest_racecheck.runtime.threads.contents import is_builtin, only_reads
from pytest_racecheck.runtime.threads.foreign import are_there_any
from pytest_racecheck.runtime.threads.library import variables_of
from pytest_racecheck.runtime.threads.resources import class_of, is_a
from pytest_racecheck.runtime.threads.stuck import position_of, source_at
from pytest_racecheck.runtime.threads.task import Aborted

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.points import Point
    from pytest_racecheck.runtime.threads.scheduler import Scheduler

# The functions a task may be in for its state to be compared.
_DEEPEST = 16
# To look into them, or at their truth, runs nothing that anybody has written.
_BUILT_IN = (list, dict, set, frozenset, tuple, str, bytes, int, float, bool, type(None))
# From the functions below that look, over `did`, `is_done` and the hook, to the hook's caller.
_CALLER = 4

#: The outermost function in scope that the task is in, and of it and all inside of it where they stand and what their variables are.
State = tuple[FrameType, tuple[tuple[CodeType, int, tuple[object, ...]], ...]]


class LonelyLoop:
    """Told of what a task does that is alone; ends a run that would go on for ever."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._iterates: dict[CodeType, bool] = {}
        self.begin()

    def begin(self) -> None:
        """A run begins."""
        self._done = 0
        self._compare_from = self._limit = self._scheduler.max_steps
        self._state: State | None = None
        self._place = -1

    def close(self) -> None:
        """There are no further runs: let go of the code that was met, which holds the hooks and by way of them this."""
        self._iterates.clear()
        self._state = None

    def did(self, obj: Any, point: Point, arguments: tuple[object, ...] | None) -> None:
        """The task is about to do this, or nothing but this; raises Aborted if it has gone round."""
        self._done += 1
        if self._done <= self._limit:
            return
        if not self._only_reads(obj, point, arguments):
            if self._state is not None:
                self._state = None
                self._compare_from = 2 * self._done
        elif self._state is not None:
            if point.number == self._place and self._same(self._state, self._state_now()):
                self._has_gone_round()
        elif self._done >= self._compare_from:
            self._state, self._place = self._state_now(), point.number
            if self._state is None:
                self._compare_from = 2 * self._done

    def _only_reads(self, obj: Any, point: Point, arguments: tuple[object, ...] | None) -> bool:
        """Whether what the task does is seen whole, and changes nothing."""
        if arguments is not None:
            return is_seen(self._scheduler, obj) or only_reads(obj, arguments)
        if point.writes or point.site.kind.writes:
            return False
        kind = type(obj)
        if point.site.kind in (Kind.LOAD_GLOBAL, Kind.LOAD_CELL) or kind in _BUILT_IN:
            return True
        if point.site.kind is not Kind.LOAD_ATTR or is_builtin(kind):
            return False
        if class_of(kind, "__getattr__") or class_of(kind, "__getattribute__") is not object:
            return is_a(obj, type)
        return point.resolve(self._scheduler, point, obj) is not None

    def _state_now(self) -> State | None:
        """Where the task stands in all its functions in scope and what their variables are; None where that does not tell all."""
        frame: FrameType | None = sys._getframe(_CALLER)
        outermost: FrameType | None = None
        inside: list[tuple[CodeType, int, tuple[object, ...]]] = []
        while frame is not None and self._scheduler.in_scope(frame.f_code.co_filename):
            if len(inside) == _DEEPEST or self._has_iterator(frame.f_code):
                return None
            inside.append((frame.f_code, frame.f_lasti, tuple(variables_of(frame).values())))
            outermost, frame = frame, frame.f_back
        return None if outermost is None else (outermost, tuple(inside))

    def _has_iterator(self, code: CodeType) -> bool:
        found = self._iterates.get(code)
        if found is None:
            found = self._iterates[code] = any(
                one.opname in ("FOR_ITER", "SEND") for one in dis.get_instructions(code)
            )
        return found

    @staticmethod
    def _same(before: State, now: State | None) -> bool:
        return (
            now is not None
            and now[0] is before[0]
            and len(now[1]) == len(before[1])
            and all(
                code is other and at == there and len(held) == len(holds)
                and all(one is another for one, another in zip(held, holds, strict=True))
                for (code, at, held), (other, there, holds) in zip(before[1], now[1], strict=True)
            )
        )  # fmt: skip

    def _has_gone_round(self) -> None:
        self._state = None
        if are_there_any() or _handles_signals(self._scheduler):
            self._limit = sys.maxsize
            return
        scheduler = self._scheduler
        place, name = position_of(scheduler, sys._getframe(_CALLER)), scheduler.current.name
        assert place is not None
        scheduler.record(
            TaskError(
                task=name,
                kind=Outcome.LIVELOCK,
                summary=f"livelock: {name} goes round for ever at {place}: {source_at(place)}",
                details="nobody else was left, and in a whole round nothing was written and no variable changed",
                position=(place.file, place.line),
            )
        )
        scheduler.abort()
        raise Aborted


def _handles_signals(scheduler: Scheduler) -> bool:
    """Whether a function of the program's may be called by a signal."""
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    codes = [getattr(getattr(one, "__wrapped__", one), "__code__", None) for one in handlers]
    return any(code is not None and scheduler.in_scope(code.co_filename) for code in codes)
