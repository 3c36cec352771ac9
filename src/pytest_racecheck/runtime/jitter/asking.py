"""Two questions that a process answers when it gets a signal: where do you stand, and what have you to tell?

The second is asked of a process that is about to be terminated: workers of a pool always are, and without their accounts
nobody would know which code they ran. A handler for SIGTERM itself will not do. Python runs handlers between bytecodes, so
a signal that comes just before a wait for a lock is only noticed after it; Python programs with a handler do hang that way now and
then, those without must not. A question can be asked again, and then given up.

The signals are real-time ones, which hardly any program uses. What they do to a process that does not listen yet is to kill it, so
they are sent only to one that is known to. They are also queued: who is slow to answer, and is asked again, answers more than once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

_PAUSE = 0.001
_ROUNDS_A_QUESTION = 5
_PATIENCE = 0.1


def _from_the_last(offset: int) -> int | None:
    last = getattr(signal, "SIGRTMAX", None)
    return None if last is None else int(last) - offset


#: None where the system has no such signals.
STACK_SIGNAL = _from_the_last(1)
ACCOUNT_SIGNAL = _from_the_last(2)


def listens(pid: int, number: int | None) -> bool:
    """Whether that process has a handler for the signal, as far as can be known."""
    return number is not None and _has(f"/proc/{pid}", number, ("SigCgt:",))


def is_answering(pid: int, number: int | None) -> bool:
    """Whether the signal is on its way, or a handler written in C is at work; as far as can be known."""
    if number is None:
        return False
    with contextlib.suppress(OSError):
        threads = [f"/proc/{pid}/task/{thread}" for thread in os.listdir(f"/proc/{pid}/task")]
        # As long as a handler is at work, its own signal is blocked.
        return any(_has(thread, number, ("SigPnd:", "ShdPnd:", "SigBlk:")) for thread in threads)
    return False


def _has(task: str, number: int, sets: tuple[str, ...]) -> bool:
    """Whether the signal is in one of those sets of a process or thread."""
    with contextlib.suppress(OSError):
        with open(f"{task}/status", encoding="utf-8", errors="replace") as file:
            found = [line.split()[1] for line in file if line.startswith(sets)]
        return any(int(mask, 16) >> (number - 1) & 1 for mask in found)
    return False


def ask(
    pid: int, number: int | None, path: str, patience: float = _PATIENCE, *, once: bool = False
) -> bool:
    """Ask until the file at `path` changes, or only `once`; whether it did in time."""
    if not listens(pid, number):
        return False
    before = _state(path)
    end = time.monotonic() + patience
    rounds = 0
    while _state(path) == before:
        if time.monotonic() > end:
            return False
        if rounds % _ROUNDS_A_QUESTION == 0 and not (once and rounds):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number or 0)
        rounds += 1
        time.sleep(_PAUSE)
    return True


def answer(number: int | None, tell: Callable[[], None]) -> None:
    """From now on call `tell` when the question is asked."""
    if number is not None:
        signal.signal(number, lambda _number, _frame: tell())


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)
