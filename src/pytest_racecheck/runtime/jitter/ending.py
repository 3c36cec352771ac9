"""How processes are made to end: kindly, then not, and their own children with them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

_PATIENCE = 0.2
_LAST_PATIENCE = 10.0
_SLICE = 0.1
_PAUSE = 0.0003


def exit_code(process: Any) -> int | None:
    """The exit code of a process that was started, reaped if need be; None while it is running.

    An interrupt between the reaping and its being noted leaves a process that is gone and has no exit code for ever. It
    counts as killed. Not under a fork server: there the server reaps, and its word comes later.
    """
    if process._closed:
        return 0
    popen = process._popen
    if popen is None:
        return None
    code: int | None = popen.poll()
    if code is None and popen.method != "forkserver" and not _exists(popen.pid):
        # Another thread may have reaped it this very moment.
        time.sleep(_PAUSE)
        code = popen.returncode
        if code is None:
            code = popen.returncode = -signal.SIGKILL
    return code


def lives(process: Any) -> bool:
    """Whether a process that was started is running. It is not reaped: the program may want to do that itself."""
    from multiprocessing.connection import wait

    return not process._closed and not wait([process._popen.sentinel], 0)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_for(processes: Iterable[Any], seconds: float) -> list[Any]:
    """Wait until all have ended, for `seconds` at most; returns those that have not.

    In slices, for a sentinel stays silent while a child of the process holds a copy of it; and with a pause, for it speaks
    a moment before the process can be reaped.
    """
    from multiprocessing.connection import wait

    end = time.monotonic() + seconds
    while True:
        processes = [process for process in processes if exit_code(process) is None]
        left = end - time.monotonic()
        if not processes or left <= 0:
            return processes
        if wait([process._popen.sentinel for process in processes], min(left, _SLICE)):
            time.sleep(_PAUSE)


def end_all(processes: Iterable[Any]) -> None:
    """Terminate, kill and reap them, and kill what they started themselves."""
    running = [process for process in processes if exit_code(process) is None]
    families = [pid for process in running for pid in descendants(process._popen.pid)]
    for process in running:
        process.terminate()
    stubborn = wait_for(running, _PATIENCE) if running else []
    for process in stubborn:
        process.kill()
    wait_for(stubborn, _LAST_PATIENCE)
    for pid in families:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for process in running:
        # Takes it off multiprocessing's own list.
        process.join(0)


def descendants(pid: int, without: Collection[int] = ()) -> list[int]:
    """The children of a process, theirs, and so on, where the system lists them; those `without` are left out with all of theirs."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [pid for pid in map(int, file.read().split()) if pid not in without]
    return found + [inner for child in found for inner in descendants(child, without)]


def finalizers() -> dict[Any, Callable[[], object]]:
    """What multiprocessing would do at the interpreter's end about pools and managers that are still open, by its keys."""
    from multiprocessing import util

    return {
        key: finalizer
        for key, finalizer in list(util._finalizer_registry.items())  # type: ignore[attr-defined]
        if getattr(finalizer._callback, "__name__", "") in ("_terminate_pool", "_finalize_manager")
    }
