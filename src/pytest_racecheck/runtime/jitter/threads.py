"""Threads of the program as tasks: `threading.Thread` observed for the length of a run.

`start` is where a thread gets its name, from its creator and the order of creation; `_bootstrap_inner` is the first
Python code that runs on the new thread, whatever subclass it is, so that is where it becomes a task. Uncaught exceptions
come through `threading.excepthook`; a hook that the user installed keeps its say, and what it handles is no failure.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.outcome import Outcome
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.errors import error_of
from pytest_racecheck.runtime.jitter.rescue import rescue
from pytest_racecheck.runtime.jitter.task import RunAborted

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.world import World

# Seconds that threads which the program did not join are given to end before they are named as left behind.
GRACE = 0.25
_DAEMON_GRACE = 0.02
_TASK = "_racecheck_task"


@contextlib.contextmanager
def observed(world: World) -> Iterator[None]:
    """Make every thread started inside the block by a task of `world` a task of it, too."""
    started: list[threading.Thread] = []
    original_start = threading.Thread.start
    original_bootstrap = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
    original_hook = threading.excepthook

    def start(thread: threading.Thread) -> None:
        if not world.owns_current():
            original_start(thread)
            return
        setattr(thread, _TASK, (world, world.adopt(_label(thread)), thread.daemon))
        if world.main.name == "main":
            _start_unawaited(thread, original_start)
        else:
            original_start(thread)
        started.append(thread)
        if world.plan.serial is not None and not world.serves:
            thread.join(world.plan.serial)
            world.overlapped |= thread.is_alive()

    def bootstrap(thread: threading.Thread) -> None:
        owner, name, daemonic = getattr(thread, _TASK, (None, "", False))
        if owner is world:
            thread._daemonic = daemonic  # type: ignore[attr-defined]
            current.task = world.thread_task(name)
        original_bootstrap(thread)

    def excepthook(args: threading.ExceptHookArgs) -> None:
        _report_uncaught(world, args, original_hook)

    threading.Thread.start = start  # type: ignore[method-assign, assignment]
    threading.Thread._bootstrap_inner = bootstrap  # type: ignore[attr-defined]
    threading.excepthook = excepthook
    try:
        yield
    finally:
        threading.Thread.start = original_start  # type: ignore[method-assign]
        threading.Thread._bootstrap_inner = original_bootstrap  # type: ignore[attr-defined]
        # What threads that are got out raise is still ours to ignore.
        _await_stragglers(world, started)
        if threading.excepthook is excepthook:
            threading.excepthook = original_hook


def _start_unawaited(thread: Any, start: Callable[[Any], None]) -> None:
    """Start a thread so that the end of the session will not wait for it: should it hang, nothing else would end it.

    To the interpreter it is a daemon from the start; to the program its `daemon` is what it was before any of its code runs.
    """
    daemonic = thread._daemonic
    if sys.version_info >= (3, 13):
        # Read once, when the thread is created.
        thread._daemonic = True
        try:
            start(thread)
        finally:
            thread._daemonic = daemonic
        return
    register = thread._set_tstate_lock

    def unawaited() -> None:
        del thread._set_tstate_lock
        thread._daemonic = True
        try:
            register()
        finally:
            thread._daemonic = daemonic

    thread._set_tstate_lock = unawaited
    start(thread)


def _label(thread: threading.Thread) -> str:
    """What a report calls such threads: their target's name, else their class's."""
    target = getattr(thread, "_target", None)
    name = getattr(target, "__name__", None) or type(thread).__name__
    return name.strip("<>_") or "thread"


def _report_uncaught(
    world: World,
    args: threading.ExceptHookArgs,
    handler: Callable[[threading.ExceptHookArgs], Any],
) -> None:
    """Record a thread's uncaught exception, unless the user's own hook takes it.

    In the first run it is reported as it would be without us, too: that run is the test's own.
    """
    error, task = args.exc_value, current.task
    if isinstance(error, RunAborted):
        return
    if _is_users(handler) or task is None or error is None:
        handler(args)
    else:
        world.record(error_of(task.name, error))
        if world.plan.keys is None:
            handler(args)


def _is_users(handler: Callable[..., Any]) -> bool:
    if handler is threading.__excepthook__:
        return False
    function = getattr(handler, "func", handler)  # pytest's own is a partial
    return not str(getattr(function, "__module__", "")).startswith("_pytest.")


def _await_stragglers(world: World, started: list[threading.Thread]) -> None:
    """Give threads that were not joined a moment, then name those that outlive the run.

    A child process does not wait for its daemon threads, so neither do we there.
    """
    in_child = world.main.name != "main"
    end = time.monotonic() + GRACE
    for thread in started:
        if in_child and thread.daemon:
            continue
        if thread.is_alive() and thread is not threading.current_thread():
            left = end - time.monotonic()
            thread.join(_DAEMON_GRACE if thread.daemon else max(left, _DAEMON_GRACE))
    if any(error.kind is Outcome.POTENTIAL_DEADLOCK for error in world.errors):
        _end_stuck(world, started)
    for thread in started:
        if thread.is_alive() and not (in_child and thread.daemon):
            world.leaked.append(f"thread {getattr(thread, _TASK)[1]}")


def _end_stuck(world: World, started: list[threading.Thread]) -> None:
    """After a hang, get the program's threads out."""
    world.stop_recording()
    tasks = {task.name: task for task in world.tasks}
    alive = [
        (thread, tasks[name])
        for thread in started
        if thread.is_alive() and (name := getattr(thread, _TASK)[1]) in tasks
    ]
    rescue(alive)
