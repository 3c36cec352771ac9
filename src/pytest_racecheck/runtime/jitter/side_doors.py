"""Tasks that no `Thread.start` begins: bare threads, and work handed to a pool whose threads were there before.

A thread of `_thread.start_new_thread` is made one of `threading`, which is observed. A pool that was made at import, or that an
earlier test left, has threads of its own already: there the piece of work is the task, for as long as it runs, and the
thread is lent to it.
"""

from __future__ import annotations

import _thread
import concurrent.futures
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.wording import label_of
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter import threads
from pytest_racecheck.runtime.jitter.bystanders import LENT

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.world import World

# Seconds that work which the program did not wait for is given to end before it is named as left behind.
GRACE = 0.25


@contextlib.contextmanager
def observed(world: World) -> Iterator[None]:
    """Make what tasks of `world` begin in these ways inside the block tasks of it, too."""
    with contextlib.ExitStack() as stack:
        stack.callback(setattr, _thread, "start_new_thread", _thread.start_new_thread)
        _thread.start_new_thread = _as_thread(world, _thread.start_new_thread)
        executors = sys.modules.get("concurrent.futures.thread")
        if executors is not None:
            pool = executors.ThreadPoolExecutor
            lending = Lending(world, pool.submit)
            stack.callback(setattr, pool, "submit", pool.submit)
            pool.submit = lambda *args, **kwargs: lending.submit(*args, **kwargs)
            stack.callback(lending.finish)
        yield


def _as_thread(world: World, original: Callable[..., int]) -> Callable[..., int]:
    def start_new_thread(*args: Any) -> int:
        if not world.owns_current() or not _well_formed(*args):
            return original(*args)
        function, arguments, *rest = args
        thread = threading.Thread(
            target=function, args=arguments, kwargs=rest[0] if rest else {}, daemon=True
        )
        thread.start()
        return thread.ident or 0

    return start_new_thread


def _well_formed(*args: Any) -> bool:
    """Whether a bare start would take these; if not, the complaint is its own."""
    if len(args) not in (2, 3) or not callable(args[0]) or not isinstance(args[1], tuple):
        return False
    return len(args) == 2 or isinstance(args[2], dict)


class Lending:
    """The work that tasks of one run hand to threads from before the run."""

    def __init__(self, world: World, original: Callable[..., Any]) -> None:
        self._world = world
        self._original = original
        self._open = True
        self._handed: list[tuple[str, Any]] = []

    def submit(self, pool: Any, *args: Any, **kwargs: Any) -> Any:
        """Hand work to the pool, as a task if any thread of another time may come to do it."""
        world = self._world
        if not args or not world.owns_current() or not self._is_foreign(pool):
            return self._original(pool, *args, **kwargs)
        # All of its threads wake up for work, and only one gets it.
        for thread in list(pool._threads):
            setattr(thread, LENT, True)
        function, *arguments = args
        world.beyond_explore = "it hands work to threads that were there before"
        name = world.adopt(label_of(function, "work"))
        future = self._original(pool, self._task(name, function), *arguments, **kwargs)
        self._handed.append((name, future))
        if world.plan.serial is not None and not world.serves:
            concurrent.futures.wait([future], world.plan.serial)
            world.overlapped |= not future.done()
        return future

    def finish(self) -> None:
        """Give what was handed over a moment to end; name what does not. What begins later is nobody's task."""
        if self._handed:
            concurrent.futures.wait([future for _, future in self._handed], GRACE)
        self._open = False
        self._world.leaked += [f"work {name}" for name, future in self._handed if not future.done()]

    def _is_foreign(self, pool: Any) -> bool:
        # Work for other interpreters is pickled, and so cannot be wrapped.
        if type(pool).__module__ == "concurrent.futures.interpreter":
            return False
        return any(not threads.is_task_of(self._world, thread) for thread in list(pool._threads))

    def _task(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def work(*args: Any, **kwargs: Any) -> Any:
            if not self._open or self._world.owns_current():
                return function(*args, **kwargs)
            before, current.task = current.task, self._world.thread_task(name)
            try:
                with _recorded(self._world):
                    return function(*args, **kwargs)
            finally:
                current.task = before

        return work


@contextlib.contextmanager
def _recorded(world: World) -> Iterator[None]:
    """Let the recorder see this thread, too: on 3.11 it sees only those that were started after it."""
    if world.recorder is None or sys.version_info >= (3, 12):
        yield
        return
    before = sys.getprofile()
    sys.setprofile(threading.getprofile())
    try:
        yield
    finally:
        sys.setprofile(before)
