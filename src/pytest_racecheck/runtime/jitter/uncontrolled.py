"""What a test starts that can be no task: told, so that nothing passes as explored that was not.

Other programs, processes of a bare `os.fork` and signal handlers run beside the tasks or in the middle of one. No delay reaches
them, and no control run takes them out.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.foreign_pools import left_alone
from pytest_racecheck.runtime.programs import told_of_program

Tell = Callable[[str], None]

_FORKS = tuple(
    name for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp") if hasattr(os, name)
)
# What starts processes for others, and tells of them itself or has them observed.
_STARTERS = frozenset({"subprocess", "multiprocessing.popen_fork", "pty"})


@contextlib.contextmanager
def noticing(tell: Tell, in_scope: Callable[[str], bool]) -> Iterator[None]:
    """Tell of what is started inside the block, once for each kind, on any thread of the test.

    What a task of a run starts is told to that run.
    """
    told = _to_run_or(tell)
    patched: list[tuple[Any, str, Any, Any]] = []
    # Every fixture and every test comes by here: plain loops take a fifth of what an ExitStack takes.
    try:
        for owner, name, made in _looked_at(told, in_scope):
            original = getattr(owner, name)
            replacement = made(original)
            setattr(owner, name, replacement)
            patched.append((owner, name, original, replacement))
        with left_alone(told):
            yield
    finally:
        for owner, name, original, replacement in reversed(patched):
            if getattr(owner, name) is replacement:
                setattr(owner, name, original)


def _looked_at(
    tell: Tell, in_scope: Callable[[str], bool]
) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    """What starts something that is no task, and how to make the function that tells of it."""
    yield subprocess.Popen, "__init__", lambda original: _program(tell, original)
    yield signal, "signal", lambda original: _handler(tell, original, in_scope)
    for name in _FORKS:
        yield os, name, functools.partial(_fork, tell, name)


def _to_run_or(tell: Tell) -> Tell:
    home = os.getpid()

    def told(text: str) -> None:
        world = getattr(current.task, "world", None)
        if world is not None:
            world.not_covered[text] = None
        elif os.getpid() == home:
            tell(text)

    return told


def _program(tell: Tell, original: Any) -> Any:
    def init(popen: Any, args: Any, *more: Any, **named: Any) -> None:
        text = told_of_program(named.get("executable") or args, sys._getframe(1))
        if text is not None:
            tell(text)
        original(popen, args, *more, **named)

    return init


def _fork(tell: Tell, name: str, original: Any) -> Any:
    def fork(*args: Any, **kwargs: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") not in _STARTERS:
            tell(f"a process made with os.{name} is not controlled")
        # In the first run as well, which is the only one of a test that turns out to be no campaign.
        with Interrupts():
            return original(*args, **kwargs)

    return fork


def _handler(tell: Tell, original: Any, in_scope: Callable[[str], bool]) -> Any:
    def install(signalnum: Any, handler: Any) -> Any:
        before = original(signalnum, handler)
        function = getattr(handler, "__func__", getattr(handler, "func", handler))
        code = getattr(function, "__code__", None)
        if code is not None and in_scope(code.co_filename):
            tell(f"the handler of {_signal_name(signalnum)}: where it interrupts is not varied")
        return before

    return install


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # Most real-time signals have no names.
        return f"signal {number}"
