"""Threads of the program as tasks: `threading.Thread` observed for the length of a run.

`start` is where a thread gets its name, from its creator and the order of creation; `_bootstrap_inner` is the first
Python code that runs on the new thread, whatever subclass it is, so that is where it becomes a task. Uncaught exceptions
come through `threading.excepthook`; a hook that the user installed keeps its say, and what it handles is no failure.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_racecheck.model.wording import label_of
from pytest_racecheck.runtime.context import abandoned, current
from pytest_racecheck.runtime.jitter.errors import error_of, hang_of
from pytest_racecheck.runtime.jitter.rescue import lives, rescue
from pytest_racecheck.runtime.jitter.task import JitterTask, RunAborted
from pytest_racecheck.runtime.real_thread import RealThread

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.world import World

# Seconds that threads which the program did not join are given to end before they are named as left behind.
GRACE = 0.25
_DAEMON_GRACE = 0.02
_TASK = "_racecheck_task"
_LIBRARIES = ("multiprocessing.", "concurrent.futures.")
_WORKERS = {("multiprocessing.pool", "worker"), ("concurrent.futures.thread", "_worker")}
# Names of threads and of pool threads that nobody chose; their numbers grow through the whole session.
_MADE_UP = re.compile(r"(Thread-\d+( \(.*\))?|ThreadPoolExecutor-\d+_\d+)$")


class _Started(NamedTuple):
    """What is known of a thread from its start on; `packaged`: it is a daemon, and a package in scope has started it for itself."""

    world: World | None
    name: str
    daemonic: bool
    packaged: bool


_NOBODYS = _Started(None, "", False, False)


@contextlib.contextmanager
def observed(world: World) -> Iterator[None]:
    """Make every thread started inside the block by a task of `world` a task of it, too."""
    started: list[threading.Thread] = []
    original_start = RealThread.start
    original_hook = threading.excepthook

    def start(thread: threading.Thread) -> None:
        if not world.owns_current():
            original_start(thread)
            return
        name = world.adopt(_label(thread), title=title_of(thread))
        packaged = thread.daemon and _starts_in_package(world, sys._getframe(1))
        setattr(thread, _TASK, _Started(world, name, thread.daemon, packaged))
        if not world.in_child:
            _start_unawaited(thread, original_start)
        else:
            original_start(thread)
        started.append(thread)
        if not is_service(thread):
            world.followers.append(thread.is_alive)
        if world.plan.serial is not None and not world.serves and not is_service(thread):
            _let_end(world, thread, world.plan.serial)

    def excepthook(args: threading.ExceptHookArgs) -> None:
        _report_uncaught(world, args, original_hook)

    RealThread.start = start
    threading.excepthook = excepthook
    try:
        with _bootstrapped(world):
            yield
    finally:
        RealThread.start = original_start
        # What threads that are got out raise is still ours to ignore.
        _await_stragglers(world, started)
        if threading.excepthook is excepthook:
            threading.excepthook = original_hook


@contextlib.contextmanager
def _bootstrapped(world: World) -> Iterator[None]:
    """Make a thread its task in the first Python code that runs on it."""
    original = RealThread._bootstrap_inner

    def bootstrap(thread: threading.Thread) -> None:
        begun: _Started = getattr(thread, _TASK, _NOBODYS)
        if begun.world is world:
            thread._daemonic = begun.daemonic  # type: ignore[attr-defined]
            current.task = world.thread_task(begun.name)
        # Whoever is got out may be told so once more while it reports what came of that.
        with contextlib.suppress(RunAborted):
            original(thread)

    RealThread._bootstrap_inner = bootstrap
    try:
        yield
    finally:
        RealThread._bootstrap_inner = original


def _let_end(world: World, thread: threading.Thread, seconds: float) -> None:
    """Let the thread end before anything else goes on, unless that has been in vain before.

    A worker of a pool waits for its pool, and runs what is submitted beside what submits it.
    """
    if not world.overlapped and not _is_worker(thread):
        thread.join(seconds)
    world.overlapped |= thread.is_alive()


def _starts_in_package(world: World, frame: FrameType | None) -> bool:
    scope = world.plan.scope
    while frame is not None and not scope.contains(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and not scope.is_project(frame.f_code.co_filename)


def is_service(thread: threading.Thread) -> bool:
    """Whether the thread only serves pools, queues and executors: it runs none of the program's code, and never ends before them."""
    target = getattr(thread, "_target", None)
    home = getattr(target or type(thread), "__module__", None) or ""
    return home.startswith(_LIBRARIES) and not _is_worker(thread)


def _is_worker(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return (getattr(target, "__module__", ""), getattr(target, "__name__", "")) in _WORKERS


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
    return label_of(getattr(thread, "_target", None), type(thread).__name__)


def is_task_of(world: World, thread: threading.Thread) -> bool:
    """Whether a task of that run started the thread."""
    begun: _Started = getattr(thread, _TASK, _NOBODYS)
    return begun.world is world


def title_of(thread: threading.Thread) -> str | None:
    """The name that the program gave the thread; None if Python made it up."""
    return None if _MADE_UP.match(thread.name) else thread.name


def _report_uncaught(
    world: World,
    args: threading.ExceptHookArgs,
    handler: Callable[[threading.ExceptHookArgs], Any],
) -> None:
    """Record a thread's uncaught exception, unless the user's own hook takes it.

    In the first run it is reported as it would be without us, too: that run is the test's own. What ends a daemon that a package has started for
    itself is printed in real life, and no test fails of it.
    """
    error, task = args.exc_value, current.task
    if isinstance(error, RunAborted) or getattr(task, "aborted", False):
        return
    if _is_users(handler) or task is None or error is None:
        handler(args)
        return
    if getattr(args.thread, _TASK, _NOBODYS).packaged:
        said = f"{type(error).__name__} ended thread {task.name}, a daemon of its package's own"
        world.not_covered[said] = None
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
    end = time.monotonic() + (0.0 if world.hung else GRACE)
    for thread in started:
        if world.in_child and thread.daemon:
            continue
        if thread.is_alive() and thread is not threading.current_thread():
            left = end - time.monotonic()
            thread.join(_DAEMON_GRACE if thread.daemon else max(left, _DAEMON_GRACE))
    if world.hung:
        _end_stuck(world, started)
    for thread in started:
        if lives(thread) and not (world.in_child and thread.daemon):
            world.leaked.append(f"thread {getattr(thread, _TASK).name}")
            if world.hung or _is_worker(thread):
                # Where the test itself has given up waiting for it, nothing else says that it hangs.
                _abandon(thread)


def _abandon(thread: threading.Thread) -> None:
    """Nobody waits for it any more, an executor at the end of the session included: from 3.13 on that would be for ever."""
    abandoned.add(thread)
    workers = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", None)
    if workers is not None:
        workers.pop(thread, None)


def _end_stuck(world: World, started: list[threading.Thread]) -> None:
    """After a hang, say where the program's threads stand, and get them out, unless that was tried before."""
    world.stop_recording()
    alive = _alive(world, started)
    _tell_where(world, alive)
    rescue(alive)


def tell_where_stuck(world: World) -> None:
    """Record of each thread of the run that is still alive where it stands."""
    active = threading._active  # type: ignore[attr-defined]
    _tell_where(world, _alive(world, [one for one in active.values() if is_task_of(world, one)]))


def _alive(
    world: World, started: Iterable[threading.Thread]
) -> list[tuple[threading.Thread, JitterTask]]:
    tasks = {task.name: task for task in world.tasks if not task.aborted}
    return [
        (thread, tasks[name])
        for thread in started
        if lives(thread) and (name := getattr(thread, _TASK).name) in tasks
    ]


def _tell_where(world: World, alive: Iterable[tuple[threading.Thread, JitterTask]]) -> None:
    frames, told = sys._current_frames(), {error.task for error in world.errors}
    for thread, task in alive:
        if task.name not in told and (frame := frames.get(thread.ident or 0)) is not None:
            world.record(hang_of(task.name, world.plan.deadline, frame, world.plan.scope.contains))
