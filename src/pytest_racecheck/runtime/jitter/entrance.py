"""A door that opens when the first task is started.

Most tests start nothing concurrent. To find the others, every test is watched, and that must cost nothing: no world is made,
and nothing that a world needs is even imported, before the test starts a thread or a process, or hands work to a pool of
threads. That call opens the door: the world is entered there and then, and the call goes on inside it.
"""

from __future__ import annotations

import _thread
import contextlib
import sys
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from typing import Any

from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.real_thread import RealThread


@contextlib.contextmanager
def at_first_start(enter: Callable[[], None]) -> Iterator[None]:
    """Call `enter` when the calling thread is about to start its first thread or process inside the block."""
    outer = current.entrance
    patches: list[tuple[Any, str, Any, Any]] = []

    def put_back() -> None:
        current.entrance = outer
        for owner, name, original, patch in patches:
            if vars(owner)[name] is patch:
                setattr(owner, name, original)

    def opened() -> bool:
        entrance = current.entrance
        if entrance is not enter:
            return False
        put_back()
        entrance()
        return True

    for owner, name in _starts():
        original = vars(owner)[name]
        patch = _opening(owner, name, original, opened)
        patches.append((owner, name, original, patch))
        setattr(owner, name, patch)
    current.entrance = enter
    try:
        yield
    finally:
        put_back()


@contextlib.contextmanager
def entrance_shut() -> Iterator[None]:
    """What the calling thread starts inside the block is somebody else's, and opens nothing."""
    outer, current.entrance = current.entrance, None
    try:
        yield
    finally:
        current.entrance = outer


@contextlib.contextmanager
def hosted() -> Iterator[None]:
    """Around a campaign on this thread: whatever it starts is its own, and whoever watches is told that there was one."""
    current.hosts_campaign = True
    with entrance_shut():
        yield


def _starts() -> Iterator[tuple[Any, str]]:
    """What starts a task, or hands work to threads that were there before."""
    yield RealThread, "start"
    yield BaseProcess, "start"
    yield _thread, "start_new_thread"
    # Where nobody has imported it yet, no pool can be there either.
    executors = sys.modules.get("concurrent.futures.thread")
    if executors is not None:
        yield executors.ThreadPoolExecutor, "submit"


def _opening(owner: Any, name: str, original: Any, opened: Callable[[], bool]) -> Any:
    """A patch for that start: as it is now, or as it is once the door has been opened."""

    def start(*args: Any, **kwargs: Any) -> Any:
        return (vars(owner)[name] if opened() else original)(*args, **kwargs)

    return start
