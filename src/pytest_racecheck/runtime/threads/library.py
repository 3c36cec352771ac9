"""Calls of the standard library that the program makes, seen from a frame inside of them.

The library's Condition, Event, Queue and so on are Python code that runs on controlled locks. What a reader knows is his own call, `jobs.get()`,
and not the two locks inside of it. So the frames are followed from the innermost outwards to the program's own, and the library's frame next
to that is the call; what it was called on is its first argument.

Reading a frame's variables makes CPython before 3.13 keep a copy of them, which would keep the program's objects alive. The copy is emptied.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from itertools import islice
from types import FrameType
from typing import Any

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.trace import Position

_LIBRARY = tuple(
    path.rstrip("/\\") for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
)
_INSTALLED = ("site-packages", "dist-packages")
_ENTRANCES = {"__enter__": "acquire", "__exit__": "release"}


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames from an operation outwards to the program.

    `user` is the innermost frame in scope, `outer` the library's frame next to it, `inner` the library's innermost one.
    """

    user: FrameType | None
    outer: FrameType | None
    inner: FrameType | None

    @property
    def position(self) -> Position | None:
        """Where the program stands."""
        user = self.user
        if user is None:
            return None
        return Position(user.f_code.co_filename, user.f_lineno, user.f_code.co_qualname)

    @property
    def function(self) -> str:
        """What the program has called: of a `with`, what that comes down to."""
        if self.outer is None:
            return ""
        name = self.outer.f_code.co_name
        if name in _ENTRANCES and self.inner is not self.outer and name == "__exit__":
            inside = self._below_outer()
            return inside if not inside.startswith("_") else _ENTRANCES[name]
        return _ENTRANCES.get(name, name)

    def _below_outer(self) -> str:
        frame = self.inner
        while frame is not None and frame.f_back is not self.outer:
            frame = frame.f_back
        return frame.f_code.co_name if frame is not None else ""

    @property
    def is_entered(self) -> bool:
        """Whether a `with` has called it."""
        return self.outer is not None and self.outer.f_code.co_name == "__enter__"

    @property
    def subject(self) -> Any:
        """The object whose method was called; None where it was no method."""
        return None if self.outer is None else self_of(self.outer)

    def is_notified(self, lock: object) -> bool:
        """Whether to acquire `lock` here is to wait for a notification: `Condition.wait` does it so."""
        frame = self.inner
        if frame is None or frame.f_code.co_name != "wait":
            return False
        condition = self_of(frame)
        own = getattr(condition, "_lock", lock)
        return condition is not None and lock not in (own, getattr(own, "_semlock", own))

    def site(self) -> Site | None:
        """The program's own call, or the statement that takes or gives back a lock, as a place in the source."""
        user = self.user
        if user is None:
            return None
        code = user.f_code
        kind = Kind.ENTER if self.outer is None else Kind.CALL
        return Site(
            kind, self.function, code.co_filename, user.f_lineno, code.co_qualname, columns_of(user)
        )  # fmt: skip


def frames_of(frame: FrameType | None, in_scope: Callable[[str], bool]) -> Frames:
    """Those from `frame` outwards."""
    outer = inner = None
    while frame is not None:
        file = frame.f_code.co_filename
        if in_scope(file):
            return Frames(frame, outer, inner)
        if is_library(file):
            outer = frame
            inner = inner or frame
        frame = frame.f_back
    return Frames(None, outer, inner)


def is_library(file: str) -> bool:
    """Whether a file belongs to the standard library."""
    if file.startswith("<frozen "):
        return True
    return file.startswith(_LIBRARY) and not any(part in file for part in _INSTALLED)


def self_of(frame: FrameType) -> Any:
    """The first argument of a method that runs in `frame`."""
    names = frame.f_code.co_varnames
    if not names or names[0] != "self" or not frame.f_code.co_argcount:
        return None
    return variables_of(frame).get("self")


def variables_of(frame: FrameType) -> Mapping[str, Any]:
    """The local variables of a function's frame; nothing of the frame is changed by looking."""
    if not frame.f_code.co_flags & CO_OPTIMIZED:
        return {}
    found = frame.f_locals
    if type(found) is not dict:
        return dict(found)
    copy = dict(found)
    found.clear()
    return copy


def columns_of(frame: FrameType) -> tuple[int, int, int]:
    """The columns of the expression that `frame` is busy with, as in a Site."""
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    line, end_line, column, end_column = next(positions, (None, None, None, None))
    if line is None or end_line is None or column is None or end_column is None:
        return (-1, -1, -1)
    return (column, end_line, end_column)
