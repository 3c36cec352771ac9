"""Starting processes, and waiting for them: the methods of `multiprocessing.Process`, exchanged in the class itself.

Pools, executors, managers and subclasses all come by here, whatever the start method. A process that is started by a task becomes a part of the
program; one that only serves the library, such as a manager's server, stays outside, and so does one that nobody's task starts.

To look at a process (is it alive, what is its exit code) is an operation on it, for its end is one. What the original then does it does at once: a
process that is over is gone. Of one that a server has forked only that server can tell the exit code, a moment later: there the answer is waited for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.interrupts import held_for_a_child
from pytest_racecheck.runtime.jitter.role import Role, process_label, role_of, title_of
from pytest_racecheck.runtime.processes import attaching
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.standing import place_of
from pytest_racecheck.runtime.processes.suspension import uncontrolled
from pytest_racecheck.runtime.threads.forking import stand_until_free
from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

_TICKET = "_racecheck_ticket"
# Their looks at exit codes are not the program's.
_NOT_THE_PROGRAM = ("multiprocessing.", "concurrent.futures.", "pytest_racecheck.")
_start = BaseProcess.start
_join = BaseProcess.join
_is_alive = BaseProcess.is_alive
_bootstrap: Any = BaseProcess._bootstrap  # type: ignore[attr-defined]
_exit_code: Any = BaseProcess.exitcode
# Where processes are forked; those that are not are told apart by their sentinels.
_Popens: list[Any] = []
if hasattr(os, "fork"):
    from multiprocessing import popen_fork, popen_forkserver

    _Popens = [popen_fork.Popen, popen_forkserver.Popen]
_AT_ONCE = getattr(os, "WNOHANG", 0)


def start(self: Any) -> None:
    """`Process.start`."""
    task = calling_task()
    processes = control.scheduler.processes if task is not None else None
    role = role_of(self) if processes is not None else Role.SERVER
    if processes is not None:
        processes.world.lodge(self)
    if processes is None or task is None or role is Role.SERVER:
        _really_start(self)
        return
    stand_until_free()
    label = process_label(self, role)
    name = _name(self, task, label, role)
    world = processes.world
    attachment = world.attachment(task, label, name, _parent(self), launched=role is Role.LAUNCHED)
    control.scheduler.entering(getattr(self, "_target", None) or type(self).run)
    attributes = dict(vars(self))
    vars(self).clear()
    # First, so that it is the first to be unpickled.
    vars(self).update({attaching.ATTRIBUTE: attachment}, **attributes)
    try:
        _really_start(self)
    finally:
        vars(self).pop(attaching.ATTRIBUTE, None)
    control.scheduler.outside.parts.add(self.pid)
    setattr(self, _TICKET, attachment.ticket)
    processes.started(attachment.ticket, self, label, name, bool(self.daemon))


def _really_start(process: Any) -> None:
    with uncontrolled(patiently=True), held_for_a_child():
        _start(process)


def _name(process: Any, task: Any, label: str, role: Role) -> str:
    """What reports call it: what the program does, else by its target and a number."""
    title = title_of(process) if role is Role.TASK else None
    if title is not None:
        return title
    number = task.children.get(label, 0) + 1
    name = f"{task.name}/{label}-{number}" if task.index or task.parent else f"{label}-{number}"
    if role is Role.LAUNCHED:
        process.name = name
    return name


def _parent(process: Any) -> int:
    """Whose end is to be its own: that of the process that forks it, which of others than forked ones is not this one (0)."""
    method = getattr(process, "_start_method", None)
    if method is None:
        from multiprocessing import get_start_method

        method = get_start_method()
    return os.getpid() if method == "fork" else 0


def bootstrap(self: Any, *args: Any, **kwargs: Any) -> int:
    """`Process._bootstrap`, the first of Python that a child runs, and the last."""
    return attaching.live(self, lambda: _bootstrap(self, *args, **kwargs))


def _ask(self: Any, what: str, *, writes: bool, rest: tuple[Any, ...] = ()) -> Any:
    """What is known of a process of the program; None where it is none, or nobody's task asks."""
    ticket = vars(self).get(_TICKET)
    if ticket is None or calling_task() is None or self._closed:
        return None
    processes = control.scheduler.processes
    if processes is None or self._parent_pid != os.getpid():
        return None
    place = place_of(control.scheduler.in_scope, 3)
    return processes.perform(
        Request(what, ("process", ticket), writes, place, None, (ticket, *rest))
    )


def join(self: Any, timeout: float | None = None) -> None:
    """`Process.join`."""
    is_over = _ask(self, "join", writes=False, rest=(timeout,))
    if is_over is False:
        return
    with uncontrolled():
        _join(self, None if is_over else timeout)


def is_alive(self: Any) -> bool:
    """`Process.is_alive`."""
    is_over = _ask(self, "look", writes=False)
    if is_over is False:
        return True
    if is_over:
        _await_code(self)
    return bool(_is_alive(self))


def exit_code(self: Any) -> int | None:
    """`Process.exitcode`."""
    is_over = _ask(self, "look", writes=False)
    if is_over is False:
        return None
    if is_over:
        _await_code(self)
    code: int | None = _exit_code.fget(self)
    caller = sys._getframe(1).f_globals.get("__name__", "")
    if code and not caller.startswith(_NOT_THE_PROGRAM):
        _tell(self, "seen")
    return code


def _await_code(process: Any) -> None:
    """It is over: wait until its exit code is known to this process."""
    if process._popen is not None:
        with uncontrolled():
            process._popen.wait()


def _tell(self: Any, what: str) -> None:
    _ask(self, "note", writes=False, rest=(what,))


def _ending(name: str) -> Callable[[Any], None]:
    original: Any = vars(BaseProcess)[name]

    def end(self: Any) -> None:
        _ask(self, "touch", writes=True)
        _tell(self, "ended")
        original(self)
        _ask(self, "signalled", writes=True)

    end.__name__ = end.__qualname__ = name
    return end


def _polling(original: Callable[..., int | None]) -> Callable[..., int | None]:
    """`Popen.poll`, by which multiprocessing looks at exit codes: a process that is over to the program is to everybody."""

    def poll(self: Any, flag: int = _AT_ONCE) -> int | None:
        processes = control.scheduler.processes if calling_task() is not None else None
        if processes is not None and self.returncode is None and processes.await_exit(self.pid):
            with uncontrolled():
                return original(self, 0)
        return original(self, flag)

    return poll


class _Tracker:
    """What is told to the process that cleans up after all of them is nobody's operation."""

    send: Any = resource_tracker.ResourceTracker._send  # type: ignore[attr-defined]
    ensure_running: Any = resource_tracker.ResourceTracker.ensure_running


def _send(self: Any, *args: Any) -> None:
    with uncontrolled():
        _Tracker.send(self, *args)


def _ensure_running(self: Any) -> None:
    with uncontrolled():
        _Tracker.ensure_running(self)


ATTRIBUTES: tuple[Attribute, ...] = (
    (BaseProcess, "start", start),
    (BaseProcess, "_bootstrap", bootstrap),
    (BaseProcess, "join", join),
    (BaseProcess, "is_alive", is_alive),
    (BaseProcess, "exitcode", property(exit_code)),
    *((popen, "poll", _polling(popen.poll)) for popen in _Popens),
    *(
        (BaseProcess, name, _ending(name))
        for name in ("terminate", "kill", "interrupt")
        if name in vars(BaseProcess)
    ),
    (resource_tracker.ResourceTracker, "_send", _send),
    (resource_tracker.ResourceTracker, "ensure_running", _ensure_running),
)
