"""Ctrl-C that is not lost.

The interpreter raises KeyboardInterrupt wherever the main thread stands, and where that is a callback that nobody waits for
(a finaliser, or one of the hooks that run around every fork) it can only print and forget it. A program that forks a thousand
times stands there for a good part of its time; without this, every other Ctrl-C during a campaign over processes would be
lost, and the campaign go on.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TypeVar

_set_mask: Any = getattr(signal, "pthread_sigmask", None)

Argument = TypeVar("Argument")


@contextlib.contextmanager
def held_for_a_child() -> Iterator[None]:
    """Let Ctrl-C wait while a process is started, in it and here.

    A terminal sends it to both. In a forked process that has not come to its own code yet it would go up the stack that it is a copy of, and end as a
    second session, or wait for a thread that is not there. `let_through` is for the process when it has.
    """
    if _set_mask is None:
        yield
        return
    before = _set_mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        _set_mask(signal.SIG_SETMASK, before)


def let_through() -> None:
    """In a process that was started so: whatever has waited comes now."""
    if _set_mask is not None:
        _set_mask(signal.SIG_UNBLOCK, {signal.SIGINT})


def leave_to_the_main_thread() -> None:
    """In a thread of ours: the system does not hand Ctrl-C to it, which would make it known to the main thread at any time, held or not."""
    if _set_mask is not None:
        _set_mask(signal.SIG_BLOCK, {signal.SIGINT})


class Interrupts:
    """Remembers, inside the block, an interrupt that got lost, and raises it at the next `check` or at the block's end."""

    def __init__(self) -> None:
        self._lost = False
        self._previous: Callable[[sys.UnraisableHookArgs], object] = sys.unraisablehook

    def __enter__(self) -> Interrupts:
        self._previous = sys.unraisablehook
        sys.unraisablehook = self._hook
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if sys.unraisablehook == self._hook:
            sys.unraisablehook = self._previous
        if error is None:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if one got lost."""
        if self._lost:
            self._lost = False
            raise KeyboardInterrupt

    def forget(self) -> None:
        """In a process that was forked: what got lost was meant for the one that forked it."""
        self._lost = False

    def checked(self, program: Callable[[Argument], None]) -> Callable[[Argument], None]:
        """`program`, with a check before each run."""

        def run(argument: Argument) -> None:
            self.check()
            program(argument)

        return run

    def _hook(self, lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            self._lost = True
        else:
            self._previous(lost)
