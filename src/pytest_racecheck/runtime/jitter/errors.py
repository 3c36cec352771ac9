"""An exception, or a task that does not end, put into words."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from traceback import FrameSummary
from types import FrameType, TracebackType

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.wording import summary_of

_CALLERS = frozenset(
    {
        threading.__file__,
        os.path.join(os.path.dirname(threading.__file__), "multiprocessing", "process.py"),
    }
)
_OURS = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep


def error_of(task: str, error: BaseException, kind: Outcome = Outcome.FAILED) -> TaskError:
    """What an exception says: one line to count it by, its traceback, and where it was raised.

    The frames through which we called the program are taken off: they say nothing about it.
    """
    return in_full(brief_error_of(task, error, kind))


def brief_error_of(task: str, error: BaseException, kind: Outcome = Outcome.FAILED) -> TaskError:
    """The same but for the traceback as text: to format it takes longer than many a run."""
    error.__traceback__ = without_ours(error.__traceback__)
    return TaskError(
        task=task, kind=kind, summary=summary_of(error), exception=error, position=_raised_at(error)
    )


def in_full(error: TaskError) -> TaskError:
    """With the traceback, if there is one; frames of what stands in for the library's functions are taken out of it."""
    if error.details or error.exception is None:
        return error
    chain: BaseException | None = error.exception
    seen: list[BaseException] = []
    while chain is not None and not any(chain is one for one in seen):
        seen.append(chain)
        chain.__traceback__ = _unlinked(chain.__traceback__)
        chain = chain.__cause__ or chain.__context__
    return replace(error, details="".join(traceback.format_exception(error.exception)))


def _unlinked(first: TracebackType | None) -> TracebackType | None:
    """The traceback without frames of ours, the first one apart: a check that fails has no other."""
    entry = first
    while entry is not None and entry.tb_next is not None:
        if entry.tb_next.tb_frame.f_code.co_filename.startswith(_OURS):
            entry.tb_next = entry.tb_next.tb_next
        else:
            entry = entry.tb_next
    return first


def hang_of(
    task: str, seconds: float, frame: FrameType | None, ours: Callable[[str], bool]
) -> TaskError:
    """A task that had not ended after `seconds`: where it stands, by the innermost frame that satisfies `ours`."""
    return hang_at(task, seconds, traceback.extract_stack(frame) if frame is not None else [], ours)


def hang_at(
    task: str, seconds: float, stack: Sequence[FrameSummary], ours: Callable[[str], bool]
) -> TaskError:
    """`hang_of`, for a stack as text; what is shown of it are the task's own lines, the last of which is what it waits for.

    Around them lies what says nothing: how the task was called, after a fork even by whom, and the insides of the lock.
    """
    own = [place for place, entry in enumerate(stack) if ours(entry.filename)]
    called = [place for place, entry in enumerate(stack) if entry.filename.startswith(_OURS)]
    begin = max((place for place in called if own and place < own[-1]), default=-1)
    shown = [stack[place] for place in own if place > begin] or stack
    last = stack[own[-1] if own else -1] if stack else None
    where = f", at {last.filename}:{last.lineno} in {last.name}" if last else ""
    return TaskError(
        task=task,
        kind=Outcome.POTENTIAL_DEADLOCK,
        summary=f"{task} did not end within {seconds:g} s{where}",
        details="".join(traceback.format_list(shown)),
        position=(last.filename, last.lineno or 0) if last else None,
    )


def without_ours(entry: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's first frame on."""
    while entry is not None and _only_calls(entry):
        entry = entry.tb_next
    return entry


def _only_calls(entry: TracebackType) -> bool:
    """Whether the frame is ours, or one through which a task is called: it may be the call itself that fails."""
    file = entry.tb_frame.f_code.co_filename
    return file.startswith(_OURS) or (file in _CALLERS and entry.tb_next is not None)


def _raised_at(error: BaseException) -> tuple[str, int] | None:
    where = None
    entry = error.__traceback__
    while entry is not None:
        name = entry.tb_frame.f_code.co_filename
        # What stands in for the library's functions has raised what they would have.
        if where is None or not name.startswith(_OURS):
            where = (name, entry.tb_lineno or 0)
        entry = entry.tb_next
    return where
