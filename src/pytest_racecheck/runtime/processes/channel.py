"""One end of the line between a process and the one that schedules it.

Messages are tuples of plain values, marshalled: that is the fastest way there is, and unlike a pickle it runs nothing when it is read. Each
goes with its length in front, over a socket that no other process has.

While a campaign is on, the functions of `os` and the methods of sockets are controlled ones, so what is used here are the originals, taken when
this module was imported.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import socket
import struct
from collections.abc import Callable
from typing import Any

from pytest_racecheck.runtime.processes import kept_open

Message = tuple[Any, ...]

_HEADER = struct.Struct("!I")
_AT_ONCE = 1 << 16
_read = os.read
_write = os.write
_poll: Callable[[], Any] = select.poll if hasattr(select, "poll") else lambda: None


class Closed(Exception):
    """There is nobody at the other end any more."""


class Channel:
    """Sends and receives whole messages; Closed where the other end is gone."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(True)
        self.fd = connected.detach()
        kept_open.kept.add(self.fd)
        self._begun = b""
        self._asked = _poll()
        self._asked.register(self.fd, select.POLLIN)

    def send(self, message: Message) -> None:
        """Send one message."""
        content = marshal.dumps(message)
        left = _HEADER.pack(len(content)) + content
        try:
            while left:
                left = left[_write(self.fd, left) :]
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def receive(self) -> Message:
        """The next message, waiting for it as long as it takes."""
        length = _HEADER.unpack(self._take(_HEADER.size))[0]
        message: Message = marshal.loads(self._take(length))
        return message

    def is_ready(self, seconds: float) -> bool:
        """Whether there is something to receive, an end included, within that time."""
        return bool(self._begun) or bool(self._asked.poll(seconds * 1000))

    def _take(self, size: int) -> bytes:
        while len(self._begun) < size:
            try:
                more = _read(self.fd, _AT_ONCE)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            self._begun += more
        taken, self._begun = self._begun[:size], self._begun[size:]
        return taken

    def close(self) -> None:
        """Let go of this end."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            kept_open.kept.discard(fd)
            with contextlib.suppress(OSError):
                kept_open.close_really(fd)
