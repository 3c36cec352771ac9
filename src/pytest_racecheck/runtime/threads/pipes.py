"""Pipes and child processes under control: `os.read`, `os.write`, `os.waitpid` and `Popen.wait` of a task.

On a file these never wait, and they are the originals. A child is waited for by a descriptor of its own; in virtual time, or the others
would stand still until it ends.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.programs import told_of_program
from pytest_racecheck.runtime.threads.outside import IN, OUT
from pytest_racecheck.runtime.threads.sockets import calling_task, describe, done
from pytest_racecheck.runtime.threads.task import Task

# What the tool asks is no operation of the program's.
_fstat = os.fstat
_read = os.read
_write = os.write
_waitpid = getattr(os, "waitpid", None)
_WNOHANG: int = getattr(os, "WNOHANG", 1)
# What such a write puts into a pipe that is ready, it puts there without waiting.
_AT_ONCE = 512
_Popen: Any = subprocess.Popen
_wait_for_child = getattr(_Popen, "_wait", None)
_start_program: Any = _Popen._execute_child


def on_file(fd: int, name: str, writes: bool) -> None:
    """A descriptor of an ordinary file is about to be read or written: where processes share files, that is an operation on it."""
    processes = control.scheduler.processes if control.scheduler is not IDLE else None
    if processes is not None:
        processes.on_file(fd, name, writes)


def read(fd: int, length: int, /) -> bytes:
    """`os.read`."""
    task = _task_at(fd)
    if task is None:
        on_file(fd, "read", False)
        return _read(fd, length)
    _await(task, fd, IN, "read")
    try:
        return _read(fd, length)
    finally:
        control.scheduler.outside.ask()


def write(fd: int, data: Any, /) -> int:
    """`os.write`; a pipe takes all of the data, as it does when one waits for it."""
    task = _task_at(fd)
    if task is None:
        on_file(fd, "write", True)
        return _write(fd, data)
    with memoryview(data) as view, view.cast("B") as left:
        written = 0
        while True:
            _await(task, fd, OUT, "write")
            written += _write(fd, left[written : written + _AT_ONCE])
            control.scheduler.outside.ask()
            if written >= len(left):
                return written


def waitpid(pid: int, options: int, /) -> tuple[int, int]:
    """`os.waitpid`."""
    assert _waitpid is not None
    if pid > 0 and not options & _WNOHANG:
        task = calling_task()
        if task is not None:
            _await_child(task, pid, None)
    found: tuple[int, int] = _waitpid(pid, options)
    return found


def wait_for_child(self: Any, timeout: float | None) -> Any:
    """`Popen._wait`, which all waiting for a child comes to."""
    assert _wait_for_child is not None
    if timeout is not None and self.returncode is None:
        task = calling_task()
        if task is not None and not _await_child(task, self.pid, timeout):
            raise subprocess.TimeoutExpired(self.args, timeout)
    return _wait_for_child(self, timeout)


def start_program(self: Any, args: Any, executable: Any, *more: Any) -> Any:
    """`Popen._execute_child`, which all starting of programs comes to: what it starts is no task."""
    if calling_task() is not None:
        control.scheduler.outside.strangers_started = True
        text = told_of_program(executable or args, sys._getframe(1))
        if text is not None:
            control.scheduler.uncontrolled.add(text)
    return _start_program(self, args, executable, *more)


def _await_child(task: Task, pid: int, timeout: float | None) -> bool:
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        # No such child, or no such system: the original knows.
        return True
    try:
        describe(task, "wait")
        ended: bool = control.scheduler.outside.wait(task, [(fd, IN)], timeout, "wait", None)
        done(task)
    finally:
        os.close(fd)
    return ended


def _await(task: Task, fd: int, events: int, operation: str) -> None:
    describe(task, operation)
    control.scheduler.outside.wait(task, [(fd, events)], None, operation, None)
    done(task)


def _task_at(fd: int) -> Task | None:
    """The calling task, if reading or writing there could make it wait."""
    return calling_task() if control.scheduler is not IDLE and _may_wait(fd) else None


def _may_wait(fd: int) -> bool:
    try:
        mode = _fstat(fd).st_mode
        return (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)) and os.get_blocking(fd)
    except (AttributeError, OSError, TypeError):
        return False


def _replacements() -> Iterator[tuple[object, object]]:
    yield _read, read
    yield _write, write
    if _waitpid is not None:
        yield _waitpid, waitpid


REPLACEMENTS: tuple[tuple[object, object], ...] = tuple(_replacements())
ATTRIBUTES: tuple[tuple[Any, str, object], ...] = (
    (_Popen, "_execute_child", start_program),
    *(((_Popen, "_wait", wait_for_child),) if _wait_for_child is not None else ()),
)
