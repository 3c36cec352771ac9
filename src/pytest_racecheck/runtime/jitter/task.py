"""A task under jitter: it counts its points and is held up at some of them."""

from __future__ import annotations

import time
import types
from typing import TYPE_CHECKING, Final

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.outcome import Step
from pytest_racecheck.runtime.context import MAIN
from pytest_racecheck.runtime.jitter.delays import READ_WEIGHT, WRITE_WEIGHT, DelayStream

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.world import World

_sleep: Final = time.sleep

# A module's functions, classes and submodules are bound once, at import; points before such loads would only dilute
# the delays. `type(...)` and not isinstance: this stands on the hot path.
_BOUND_ONCE: Final = frozenset(
    {types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, types.MethodType}
)
# Nobody can change these: what an instruction does with one is no other task's business.
_UNCHANGING: Final = frozenset(
    {int, float, complex, bool, str, bytes, tuple, frozenset, range, slice, type(None)}
)
# Of the built-in functions, those that touch more than their arguments' own methods.
_TELLING: Final = frozenset({open, setattr, delattr})
_MAX_TRACE: Final = 1_000


class RunAborted(BaseException):
    """Unwinds a task whose run is over. Not an Exception, so that the program does not catch it by accident."""


class JitterTask:
    """One thread or process of the program, seen from inside.

    Satisfies `runtime.context.RunningTask`. Its methods run on the task's own thread, except `abort` and `retire`. `world` is
    the run it belongs to: campaigns can nest, and a patch must know its own tasks.
    """

    __slots__ = (
        "_stream",
        "aborted",
        "children",
        "name",
        "points",
        "retired",
        "trace",
        "world",
    )

    def __init__(self, name: str, stream: DelayStream, world: World | None = None) -> None:
        self.world = world
        self.name = name
        self.points = 0
        self.trace: list[Step] = []
        self.children: dict[str, int] = {}
        self.aborted = False
        self.retired = False
        self._stream = stream

    @property
    def weight(self) -> float:
        """The total weight of the points passed."""
        return self._stream.weight

    def child_name(self, label: str) -> str:
        """The name of the next child made with that label: the same in every run that makes its children in the same order."""
        number = self.children[label] = self.children.get(label, 0) + 1
        prefix = "" if self.name == MAIN else f"{self.name}/"
        return f"{prefix}{label}-{number}"

    def access(self, obj: object, site: Site, /) -> None:
        """Pass the point before an instruction that touches `obj`, perhaps after a delay."""
        kind = site.kind
        if kind is Kind.LOAD_GLOBAL:
            if type(obj.get(site.name, len)) in _BOUND_ONCE:  # type: ignore[attr-defined]
                return
        elif kind is not Kind.YIELD and (
            type(obj) in _UNCHANGING
            or (type(obj) is types.ModuleType and type(obj.__dict__.get(site.name)) in _BOUND_ONCE)
        ):
            return
        self.pass_point(site, WRITE_WEIGHT if kind.writes else READ_WEIGHT)

    def call(self, callee: object, site: Site, /) -> None:
        """Pass the point before a call, unless the callee is known to touch nothing shared by itself."""
        kind = type(callee)
        if kind is types.BuiltinFunctionType:
            owner = callee.__self__  # type: ignore[attr-defined]
            if (
                type(owner) is types.ModuleType
                and owner.__name__ == "builtins"
                and callee not in _TELLING
            ):
                return
            self.pass_point(site, WRITE_WEIGHT)
        elif kind is not types.FunctionType and kind is not type:
            self.pass_point(site, READ_WEIGHT)

    def pass_point(self, site: Site, weight: float) -> None:
        """Count one point and hold the task there for as long as its stream says."""
        if self.retired:
            if self.aborted:
                raise RunAborted
            return
        self.points += 1
        delay = self._stream.at(weight)
        if delay:
            if len(self.trace) < _MAX_TRACE:
                alone = self.world is not None and self.world.is_alone(self)
                self.trace.append(Step(self.name, self.points, site, delay, alone))
            _sleep(delay)
            if self.aborted:
                raise RunAborted

    def retire(self) -> None:
        """From now on the task is left alone: its run is over."""
        self.retired = True

    def abort(self) -> None:
        """From now on every point raises RunAborted."""
        self.aborted = True
        self.retired = True
