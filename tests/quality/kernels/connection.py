"""Use after close: a connection is found open, closed by somebody else, and used."""

from __future__ import annotations

import threading
from typing import Any

from kernels.kernel import Kernel


class Connection:
    """Something that must not be used once it is closed."""

    def __init__(self) -> None:
        self.closed = False
        self.sent = 0

    def send(self) -> None:
        """Use it."""
        if self.closed:
            raise ValueError("send on a closed connection")
        self.sent += 1

    def close(self) -> None:
        """Close it."""
        self.closed = True


def use(connection: Connection) -> None:
    """Send if it is open."""
    if not connection.closed:
        connection.send()


def close(connection: Connection) -> None:
    """Close it."""
    connection.close()


def use_locked(connection: Connection, lock: Any) -> None:
    """Send if it is open, and keep it so meanwhile."""
    with lock:
        use(connection)


def close_locked(connection: Connection, lock: Any) -> None:
    """Close it while nobody sends."""
    with lock:
        close(connection)


KERNELS = (
    Kernel("use_after_close", (use, close), lambda shared: Connection(), preemptions=1),
    Kernel(
        "use_while_open", (use_locked, close_locked),
        lambda shared: (Connection(), threading.Lock()), racy=False,
    ),
)  # fmt: skip
