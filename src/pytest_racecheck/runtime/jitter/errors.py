"""An exception, or a task that does not end, put into words."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType

from pytest_racecheck.model.outcome import Outcome, TaskError

_WIDTH = 120
_OURS = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def error_of(task: str, error: BaseException, kind: Outcome = Outcome.FAILED) -> TaskError:
    """What an exception says: one line to count it by, its traceback, and where it was raised.

    The frames through which we called the program are taken off: they say nothing about it.
    """
    error.__traceback__ = _without_ours(error.__traceback__)
    return TaskError(
        task=task,
        kind=kind,
        summary=summary_of(error),
        details="".join(traceback.format_exception(error)),
        exception=error,
        position=_raised_at(error),
    )


def summary_of(error: BaseException) -> str:
    """The exception's type and the first line of its message, without addresses: they differ from run to run."""
    lines = _ADDRESS.sub("0x…", str(error).strip()).splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def hang_of(
    task: str, seconds: float, frame: FrameType | None, ours: Callable[[str], bool]
) -> TaskError:
    """A task that had not ended after `seconds`: where it stands, by the innermost frame that satisfies `ours`."""
    stack = traceback.extract_stack(frame) if frame is not None else []
    own = [entry for entry in stack if ours(entry.filename)] or list(stack)
    where = f", at {own[-1].filename}:{own[-1].lineno} in {own[-1].name}" if own else ""
    return TaskError(
        task=task,
        kind=Outcome.POTENTIAL_DEADLOCK,
        summary=f"{task} did not end within {seconds:g} s{where}",
        details="".join(traceback.format_list(stack)),
        position=(own[-1].filename, own[-1].lineno or 0) if own else None,
    )


def _without_ours(entry: TracebackType | None) -> TracebackType | None:
    while entry is not None and entry.tb_frame.f_code.co_filename.startswith(_OURS):
        entry = entry.tb_next
    return entry


def _raised_at(error: BaseException) -> tuple[str, int] | None:
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else None
