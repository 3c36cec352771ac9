"""Other programs that a test starts: no task, and no thread or process of the test's either."""

from __future__ import annotations

import contextlib
import os
from types import FrameType
from typing import Any

# These wait for the program they start: it runs beside nothing of the test's.
_WAITING = frozenset({"run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"})
# Whoever looks at it from this package may have put a function of its own between.
_BETWEEN = frozenset({"subprocess", "pytest_racecheck"})


def told_of_program(program: Any, caller: FrameType | None) -> str | None:
    """What is to be said of one that `subprocess` is about to start for `caller`; None where it is waited for, and no Python of the test's own."""
    name = _name(program)
    if not name.startswith("python") and _is_awaited(caller):
        return None
    return f"program {name}, started with subprocess, is not controlled"


def _name(program: Any) -> str:
    """What a program is called, from what `Popen` is given: a path or a command line, as text or in pieces."""
    with contextlib.suppress(TypeError, IndexError, ValueError):
        if not isinstance(program, str | bytes | os.PathLike):
            program = next(iter(program), "")
        words = os.fsdecode(program).split(maxsplit=1)
        return os.path.basename(words[0])
    return "?"


def _is_awaited(frame: FrameType | None) -> bool:
    while frame is not None:
        root = str(frame.f_globals.get("__name__")).partition(".")[0]
        if root not in _BETWEEN:
            return False
        if root == "subprocess" and frame.f_code.co_name in _WAITING:
            return True
        frame = frame.f_back
    return False
