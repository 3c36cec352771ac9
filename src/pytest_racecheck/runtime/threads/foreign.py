"""Threads that are no tasks, and whether one of them may still let a task go on.

A pool made at import, a thread that a session's fixture has started: they run as they like, in real time. What they are about to do nobody can
know, but where they stand can be seen. One that stands in the standard library's own waiting, like a worker without work, has nothing in
hand for anybody. One in a work item has, or in code of its own. Threads of the tools around a test count for nothing, nor do those that
an earlier run had to leave in their deadlock.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from pytest_racecheck.runtime.context import abandoned

_OURS = "pytest_racecheck"
_TOOLS = frozenset(
    {
        "_pytest", "pytest_timeout", "xdist", "execnet", "faulthandler", "coverage", "pydevd", "_pydevd_bundle",
        "debugpy", "IPython", "ipykernel", "tqdm",
    }
)  # fmt: skip
_WAITING = frozenset(
    {
        "threading", "queue", "concurrent.futures.thread", "concurrent.futures.process", "selectors", "socketserver",
        "multiprocessing.connection", "multiprocessing.queues", "multiprocessing.pool", "asyncio.base_events",
    }
)  # fmt: skip
# While a campaign is on, the module itself holds the controlled one.
_get_ident = _thread.get_ident
_WORKERS = frozenset({"concurrent.futures.thread", "multiprocessing.pool"})


def are_there_any() -> bool:
    """Whether there are threads that are no tasks, those of tools left out."""
    return any(True for _ in _stacks())


def at_work(*, items_only: bool) -> list[str]:
    """The names of those that are busy; `items_only`: with work items of a pool."""
    names = {thread.ident: thread.name for thread in threading._active.values()}  # type: ignore[attr-defined]
    return [
        names.get(ident) or "a thread that is no task"
        for ident, modules in _stacks()
        if modules[0] not in _WAITING and not (items_only and _WORKERS.isdisjoint(modules))
    ]


def _stacks() -> Iterator[tuple[int, list[str]]]:
    # Not `is_alive`: up to 3.12 an interrupted `join` makes it forget a thread that lives.
    active: dict[int | None, threading.Thread] = threading._active  # type: ignore[attr-defined]
    left = (one.ident for one in abandoned if active.get(one.ident) is one)
    left_out = {_get_ident(), *left}
    for ident, frame in sys._current_frames().items():
        modules = _modules(frame) if ident not in left_out else []
        # The watchdog consists of nothing else; others come by here when they use what is controlled.
        modules = [name for name in modules if name.partition(".")[0] != _OURS]
        if modules and not any(name.partition(".")[0] in _TOOLS for name in modules):
            yield ident, modules


def _modules(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        found.append(str(frame.f_globals.get("__name__", "")))
        frame = frame.f_back
    return found
