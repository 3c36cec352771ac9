"""Whether a call is an operation of the program on something that processes share."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.request import Place
from pytest_racecheck.runtime.threads.identities import calling_task

# What these do with files is not the program's doing, whoever has caused it.
_NOBODYS = (
    "importlib.",
    "linecache",
    "tokenize",
    "warnings",
    "traceback",
    "_pytest.",
)
# Nor this: it is what finds out whether a file is in scope, and must not be asked that of itself.
_OURS = "pytest_racecheck.instrument."
_DEEPEST = 40


def sharing() -> Any:
    """Who performs requests for the calling task; None where it is none, has nobody to share with, or is busy with an operation already."""
    processes = involved()
    return None if processes is None or processes.is_alone else processes


def involved() -> Any:
    """The same where there may be nobody yet to share with: what the calling task makes now may come to be shared later."""
    scheduler = control.scheduler
    if scheduler.aborting or calling_task() is None:
        return None
    processes = scheduler.processes
    return None if processes is None or processes.inside else processes


def acting_place(depth: int) -> Place | None:
    """The innermost place in scope that has led to the frame so many calls above this function; None where the program has not."""
    in_scope = control.scheduler.in_scope
    frame: FrameType | None = sys._getframe(depth)
    for _ in range(_DEEPEST):
        if frame is None:
            return None
        code, module = frame.f_code, frame.f_globals.get("__name__", "")
        if module.startswith(_OURS):
            return None
        if in_scope(code.co_filename):
            return (code.co_filename, frame.f_lineno, code.co_qualname)
        if module.startswith(_NOBODYS):
            return None
        frame = frame.f_back
    return None
