"""A door that opens when the first task is started.

Most tests start nothing concurrent. To find the others, every test is watched, and that must cost nothing: no world is made,
and nothing that a world needs is even imported, before the body of a test calls `start` of a thread or a process. That call
opens the door: the world is entered there and then, and the call goes on inside it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from typing import Any

from pytest_racecheck.runtime.context import current


@contextlib.contextmanager
def at_first_start(enter: Callable[[], None]) -> Iterator[None]:
    """Call `enter` when the calling thread is about to start its first thread or process inside the block."""
    thread_start, process_start = threading.Thread.start, BaseProcess.start

    def put_back() -> None:
        current.entrance = None
        if threading.Thread.start is start_thread:
            threading.Thread.start = thread_start  # type: ignore[method-assign]
        if BaseProcess.start is start_process:
            BaseProcess.start = process_start  # type: ignore[method-assign]

    def opened() -> bool:
        entrance = current.entrance
        if entrance is None:
            return False
        put_back()
        entrance()
        return True

    def start_thread(thread: threading.Thread) -> None:
        (threading.Thread.start if opened() else thread_start)(thread)

    def start_process(process: Any) -> None:
        (BaseProcess.start if opened() else process_start)(process)

    current.entrance = enter
    current.hosts_campaign = False
    threading.Thread.start = start_thread  # type: ignore[method-assign, assignment]
    BaseProcess.start = start_process  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        put_back()


def close_entrance() -> None:
    """A campaign begins on this thread: whatever it starts is its own, and whoever watches is told so."""
    current.entrance = None
    current.hosts_campaign = True
