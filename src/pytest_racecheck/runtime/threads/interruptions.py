"""Exceptions out of signal handlers: Ctrl-C, a time limit.

All tasks share the main thread, so what a handler raises arrives in whichever task happens to run. It is not that task's failure, and no
`except` of the program's may keep the campaign from ending. So while a program is under control each handler written in Python is
stood in for by one that remembers what it raises.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_SIGNALS = ("SIGINT", "SIGALRM", "SIGTERM", "SIGVTALRM", "SIGPROF")


@contextlib.contextmanager
def remembered(remember: Callable[[BaseException], None]) -> Iterator[None]:
    """Inside the block `remember` is told of every exception that a signal handler raises."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    replaced = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        handler = signal.getsignal(number) if number is not None else None
        if callable(handler) and number is not None:
            replaced[number] = (handler, _remembering(handler, remember))
    for number, (_, stand_in) in replaced.items():
        signal.signal(number, stand_in)
    try:
        yield
    finally:
        for number, (handler, stand_in) in replaced.items():
            if signal.getsignal(number) is stand_in:
                signal.signal(number, handler)


def _remembering(
    handler: Callable[[int, FrameType | None], Any], remember: Callable[[BaseException], None]
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException as error:
            remember(error)
            raise

    # Whose it is can be asked.
    handle.__wrapped__ = handler  # type: ignore[attr-defined]
    return handle
