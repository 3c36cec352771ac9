"""Where another process stands: it writes its own stack when it is sent a signal.

faulthandler does so from the signal handler, in C, so that it works in a process that is stuck in anything. All children of a
campaign share one file, for they are asked one after another; it is opened for appending, and what is added is the answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import signal
import time
from collections.abc import Callable

from pytest_racecheck.model.outcome import Outcome, TaskError

_FILE = "stacks"
_PAUSE = 0.005
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


def dump_on_request(directory: str) -> None:
    """From now on this process answers `stack_of`."""
    number = _signal()
    if number is None:
        return
    with contextlib.suppress(OSError):
        file = os.open(os.path.join(directory, _FILE), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        faulthandler.register(number, file=file, all_threads=True, chain=False)


def stack_of(pid: int, directory: str, patience: float = 0.3) -> str:
    """The stack of that process, innermost call first, its other threads before it; "" if it does not answer in time."""
    number, path = _signal(), os.path.join(directory, _FILE)
    if number is None or not os.path.exists(path):
        return ""
    before = size = os.path.getsize(path)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(_PAUSE)
        now = os.path.getsize(path)
        if now > before and now == size:
            break
        size = now
    with open(path, encoding="utf-8", errors="replace") as file:
        file.seek(before)
        return file.read()


def hang_from(task: str, seconds: float, stack: str, ours: Callable[[str], bool]) -> TaskError:
    """A process that had not ended after `seconds`: where it stands, by its main thread's innermost frame that is `ours`."""
    main = stack.strip("\n").rpartition("\n\n")[2]
    frames = [(file, int(line), name) for file, line, name in _FRAME.findall(main)]
    own = next((frame for frame in frames if ours(frame[0])), frames[0] if frames else None)
    where = f", at {own[0]}:{own[1]} in {own[2]}" if own else ""
    return TaskError(
        task=task,
        kind=Outcome.POTENTIAL_DEADLOCK,
        summary=f"{task} did not end within {seconds:g} s{where}",
        details=stack,
        position=own[:2] if own else None,
    )


def _signal() -> int | None:
    """A signal that programs are unlikely to use themselves."""
    if not hasattr(faulthandler, "register"):
        return None
    last = getattr(signal, "SIGRTMAX", None)
    return int(last) - 1 if last is not None else int(signal.SIGUSR2)
