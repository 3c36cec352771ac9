"""Breakpoints in a replay: one run is what somebody wants to look at, and not those that are made to prepare it.

In that one the tool's own functions come between any two steps of the program. A debugger that goes step by step would end up in them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

_OURS = "pytest_racecheck"


def breakpoints(replays: bool, heeded: bool) -> AbstractContextManager[None]:
    """In a run of a test that `replays`, they stop the program, and only that, or are passed by; in any other they are what they are."""
    if not replays:
        return nullcontext()
    return _in_the_program() if heeded else _passed_by()


@contextmanager
def _passed_by() -> Iterator[None]:
    import pdb  # noqa: T100

    hook, set_trace = sys.breakpointhook, pdb.set_trace
    sys.breakpointhook = pdb.set_trace = _go_on
    try:
        yield
    finally:
        sys.breakpointhook, pdb.set_trace = hook, set_trace


def _go_on(*_args: object, **_kwargs: object) -> None:
    """Nobody is to be stopped."""


def _is_called_by_ours(frame: FrameType | None) -> bool:
    """Whether it is a frame of ours, or of the library on our behalf."""
    while frame is not None:
        root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if root not in sys.stdlib_module_names:
            return root == _OURS
        frame = frame.f_back
    return False


@contextmanager
def _in_the_program() -> Iterator[None]:
    from bdb import Bdb

    original: Any = Bdb.stop_here

    def stop_here(self: Any, frame: Any) -> bool:
        return not _is_called_by_ours(frame) and bool(original(self, frame))

    Bdb.stop_here = stop_here  # type: ignore[method-assign]
    try:
        yield
    finally:
        Bdb.stop_here = original  # type: ignore[method-assign]
