"""Where another process stands: it writes its own stack when it is sent a signal.

faulthandler does so from the signal handler, in C, so that it works in a process that is stuck in anything. All children of a
run share one file, for they are asked one after another; it is opened for appending, and what is added is the answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import time
from collections.abc import Callable
from traceback import FrameSummary

from pytest_racecheck.model.outcome import TaskError
from pytest_racecheck.runtime.jitter.asking import STACK_SIGNAL, ask, is_answering
from pytest_racecheck.runtime.jitter.errors import hang_at

_FILE = "stacks"
_PAUSE = 0.01
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


def dump_on_request(directory: str) -> None:
    """From now on this process answers `stack_of`."""
    if STACK_SIGNAL is None:
        return
    with contextlib.suppress(OSError):
        file = os.open(os.path.join(directory, _FILE), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        faulthandler.register(STACK_SIGNAL, file=file, all_threads=True, chain=False)


def stack_of(pid: int, directory: str, patience: float = 0.3) -> str:
    """The stack of that process, innermost call first, its other threads before it; "" if it does not answer in time."""
    path = os.path.join(directory, _FILE)
    if not os.path.exists(path):
        return ""
    before = os.path.getsize(path)
    end = time.monotonic() + patience
    # It is C that answers, at once, so to ask again would only have it answer twice.
    if not ask(pid, STACK_SIGNAL, path, patience, once=True):
        return ""
    while is_answering(pid, STACK_SIGNAL) and time.monotonic() < end:
        time.sleep(_PAUSE)
    size = -1
    while size != (size := os.path.getsize(path)):
        time.sleep(_PAUSE)
    with open(path, encoding="utf-8", errors="replace") as file:
        file.seek(before)
        return file.read()


def forget_stacks(directory: str) -> None:
    """Remove what the children of a run wrote, or were ready to write."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(directory, _FILE))


def hang_from(task: str, seconds: float, stack: str, ours: Callable[[str], bool]) -> TaskError:
    """A process that had not ended after `seconds`: where it stands, by its main thread's innermost frame that is `ours`."""
    main = stack.strip("\n").rpartition("\n\n")[2]
    frames = [FrameSummary(file, int(line), name) for file, line, name in _FRAME.findall(main)]
    return hang_at(task, seconds, frames[::-1], ours)
