"""Where a process stands that does not answer: it writes its stack when it is sent a signal, whatever it is doing.

faulthandler does so from the signal handler, in C. What it writes to is memory that all processes of the program share, and that goes with the last
of them; who cannot share it cannot say.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import time
from collections.abc import Callable

from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.jitter.asking import STACK_SIGNAL, listens
from pytest_racecheck.runtime.processes import kept_open

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
_NOWHERE = Position("?", 0, "?")
_OURS = f"{os.sep}pytest_racecheck{os.sep}"
# Seconds until an answer is given up, and between two looks.
_PATIENCE, _PAUSE = 0.5, 0.005
_sleep = time.sleep
_monotonic = time.monotonic
_kill = os.kill


class Stacks:
    """Asks processes for their stacks. `in_scope` tells the program's files."""

    def __init__(self) -> None:
        self.in_scope: Callable[[str], bool] = lambda _file: False
        self._fd = -1
        with contextlib.suppress(AttributeError, OSError):
            self._fd = os.memfd_create("racecheck-stacks")
            os.set_inheritable(self._fd, False)

    @property
    def fd(self) -> int:
        """That memory, for a process that is forked; -1 where there is none."""
        return self._fd

    @property
    def path(self) -> str:
        """Where a process that was not forked finds the memory; "" where there is none."""
        return f"/proc/{os.getpid()}/fd/{self._fd}" if self._fd >= 0 else ""

    def standing(self, pid: int) -> tuple[Position, Position | None]:
        """Where that process stands: its innermost frame, and the innermost one in scope."""
        frames = [
            Position(file, int(line), name)
            for file, line, name in _FRAME.findall(self._asked(pid))
            if _OURS not in file
        ]
        inner = frames[0] if frames else _NOWHERE
        return inner, next((one for one in frames if self.in_scope(one.file)), None)

    def _asked(self, pid: int) -> str:
        """What the main thread of that process writes; "" if it does not in time."""
        if self._fd < 0 or STACK_SIGNAL is None or not listens(pid, STACK_SIGNAL):
            return ""
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            _kill(pid, STACK_SIGNAL)
        end, text = _monotonic() + _PATIENCE, ""
        while _monotonic() < end:
            before = text
            text = os.pread(self._fd, os.fstat(self._fd).st_size, 0).decode(errors="replace")
            # A process that is held up after the heading has not said where it stands.
            if text == before and _FRAME.search(text):
                break
            _sleep(_PAUSE)
        return text.strip("\n").rpartition("\n\n")[2]

    def close(self) -> None:
        """Nobody is asked any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def answer(fd: int, path: str) -> None:
    """From now on this process writes its stack there when it is asked to: to `fd`, if it was forked, else to what it finds at `path`."""
    if STACK_SIGNAL is None:
        return
    with contextlib.suppress(OSError, ValueError):
        if fd < 0:
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        kept_open.kept.add(fd)
        faulthandler.register(STACK_SIGNAL, file=fd, all_threads=False, chain=False)
