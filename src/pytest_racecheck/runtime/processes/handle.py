"""A process of the system, held on to: its number may be another one's as soon as it is gone."""

from __future__ import annotations

import contextlib
import os
import select
import signal

#: How long the system may take to do away with a process, in seconds.
EXIT = 5.0
# While a campaign is on, the modules hold controlled ones.
_poll = getattr(select, "poll", None)
_select = select.select
_kill = os.kill
_send = getattr(signal, "pidfd_send_signal", None)


class Handle:
    """Of the process with that number, which is there when this is made. Where the system has no handles the number has to do."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = -1
        with contextlib.suppress(AttributeError, OSError):
            self._fd = os.pidfd_open(pid)

    def is_gone(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, within that time."""
        if self._fd < 0 or _poll is None:
            return not os.path.exists(f"/proc/{self.pid}")
        asked = _poll()
        asked.register(self._fd, select.POLLIN)
        return bool(asked.poll(seconds * 1000))

    def lets_go(self, fd: int, seconds: float) -> None:
        """Wait until it has closed the other end of `fd`, which it does last, or has ended."""
        if self._fd < 0 or _poll is None:
            self.is_gone(seconds)
            return
        asked = _poll()
        asked.register(self._fd, select.POLLIN)
        asked.register(fd, select.POLLIN)
        asked.poll(seconds * 1000)

    def kill(self) -> None:
        """End it, if it has not ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._fd >= 0 and _send is not None:
                _send(self._fd, signal.SIGKILL)
            elif not self.is_gone():
                _kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def is_readable(fd: int, seconds: float) -> bool:
    """Whether there is something to read from `fd`, an end included, within that time."""
    if _poll is None:
        return bool(_select([fd], [], [], seconds)[0])
    asked = _poll()
    asked.register(fd, select.POLLIN)
    return bool(asked.poll(seconds * 1000))
