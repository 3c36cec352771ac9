"""Processes of the program as tasks: `multiprocessing.Process` observed for the length of a run.

Pools, executors, managers and subclasses all go through `BaseProcess.start`, whatever the start method, and every child goes
through `BaseProcess._bootstrap` (`child.py`). What a child has to tell it leaves in a file (`accounts.py`), which the process
that the run began in reads at the end.

A child's bad end is the run's failure, with exceptions. The program may end a child itself, and a pool its workers. And
a program that looks at an exit code has seen what became of the child: if it is content with that, so are we.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter import ending
from pytest_racecheck.runtime.processes.temporary import lodge

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.accounts import Account
    from pytest_racecheck.runtime.jitter.role import Role
    from pytest_racecheck.runtime.jitter.task import JitterTask
    from pytest_racecheck.runtime.jitter.world import World

# Seconds that processes which the program did not join are given to end before they are ended and named as left behind.
GRACE = 1.0
_NOT_THE_PROGRAM = ("multiprocessing.", "concurrent.futures.", "pytest_racecheck.")


@dataclass(slots=True)
class Started:
    """A process that a task started. `ended`: on purpose; `seen`: the program has looked at its exit code.

    `popen` is what keeps the exit code when the program closes the process.
    """

    process: BaseProcess
    popen: Any
    name: str
    role: Role
    ended: bool = False
    seen: bool = False


class ProcessWatch:
    """The processes that the tasks of this process started."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started: list[Started] = []

    def start(self, process: BaseProcess, original: Callable[[BaseProcess], None]) -> None:
        """Start a process as a task, or in the service of tasks."""
        from pytest_racecheck.runtime.jitter.child import ATTRIBUTE, Attachment
        from pytest_racecheck.runtime.jitter.operations import points_for
        from pytest_racecheck.runtime.jitter.role import Role, role_of

        # By the process that will remove it, and by no child that outlives it.
        if not self.world.in_child:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.world.plan.directory, 0o700)
        lodge(process, self.world.plan.directory)
        role = role_of(process)
        name = self._name(process, role)
        forked = _method(process) == "fork"
        if forked:
            points_for(self.world.plan.scope).prepare()
        # The kernel ties a child to the thread that forked it, so only a child of the main thread is tied at all.
        tied = threading.current_thread() is threading.main_thread()
        parent = os.getpid() if tied and _method(process) != "forkserver" else None
        attachment = Attachment(name, self.world.plan, role, parent, self if forked else None)
        attributes = dict(vars(process))
        vars(process).clear()
        # First, so that it is the first to be unpickled.
        vars(process).update({ATTRIBUTE: attachment}, **attributes)
        try:
            original(process)
        finally:
            vars(process).pop(ATTRIBUTE, None)
        popen = process._popen  # type: ignore[attr-defined]
        self.started.append(Started(process, popen, name, role))
        if role is not Role.SERVER:
            self.world.followers.append(lambda: ending.lives(process))
        if self.world.plan.serial is not None and role is not Role.SERVER:
            self._serialize(process, role)

    def of(self, process: BaseProcess) -> Started | None:
        """What is known of a process, unless it was not started by a task."""
        return next((one for one in self.started if one.process is process), None)

    def ask(self, one: Started) -> None:
        """Have a process that is about to be ended write its account."""
        from pytest_racecheck.runtime.jitter.accounts import path_of
        from pytest_racecheck.runtime.jitter.asking import ACCOUNT_SIGNAL, ask

        pid = one.process.pid or 0
        ask(pid, ACCOUNT_SIGNAL, path_of(pid, self.world.plan.directory))

    def judge(self) -> None:
        """Record what the exit codes say that no account does."""
        for one in self.started:
            code = ending.exit_code(one.process) or one.popen.returncode
            if code and not one.ended and not one.seen:
                self.world.record(_bad_end(one.name, code))

    def finish(self, finalizers: set[Any]) -> None:
        """End what is left running, and take in what the children had to tell. `finalizers` were there before the run."""
        from pytest_racecheck.runtime.jitter.accounts import collect
        from pytest_racecheck.runtime.jitter.stacks import forget_stacks

        self._end_stragglers(finalizers)
        if not self.world.in_child:
            forget_stacks(self.world.plan.directory)
        accounts = collect(self.world.plan.directory)
        reported = {account.name for account in accounts if account.errors}
        told = {one.name for one in self.started if one.seen and not self.world.errors}
        for account in accounts:
            self._take(account, errors=account.name not in told)
        for one in self.started:
            one.seen |= one.name in reported
        self.judge()
        self.started.clear()

    def _name(self, process: BaseProcess, role: Role) -> str:
        from pytest_racecheck.runtime.jitter import world
        from pytest_racecheck.runtime.jitter.role import Role, process_label, title_of

        label = process_label(process, role)
        self.world.starts_processes = True
        if role is Role.SERVER:
            task: JitterTask = current.task  # type: ignore[assignment]
            return task.child_name(label)
        if role is Role.LAUNCHED:
            process.name = self.world.adopt(label)
            return process.name
        stagger = world.FORK_STAGGER if _method(process) == "fork" else world.SPAWN_STAGGER
        title = title_of(process) if role is Role.TASK else None
        return self.world.adopt(label, stagger, title)

    def _serialize(self, process: BaseProcess, role: Role) -> None:
        """Let the process end before anything else goes on; a worker will not, it waits for its pool."""
        from pytest_racecheck.runtime.jitter.role import Role

        in_vain = role is Role.WORKER or self.world.overlapped
        seconds = 0.0 if in_vain else self.world.plan.serial or 0.0
        self.world.overlapped |= bool(ending.wait_for([process], seconds))

    def _end_stragglers(self, finalizers: set[Any]) -> None:
        running = [one for one in self.started if ending.exit_code(one.process) is None]
        patient = [one.process for one in running if not one.process.daemon]
        hung = self.world.hung
        ending.wait_for(patient, 0.0 if hung else GRACE)
        left = [one for one in running if ending.exit_code(one.process) is None]
        for one in left if hung else ():
            self._show_stuck(one)
        if left:
            for key, finalizer in ending.finalizers().items():
                if key not in finalizers:
                    finalizer()
            ending.end_all([one.process for one in left])
        for one in left:
            one.ended = True
            if not hung:
                self.world.leaked.append(f"process {one.name}")

    def _show_stuck(self, one: Started) -> None:
        """After a hang, say where a process stands that is a task of its own."""
        from pytest_racecheck.runtime.jitter.role import Role
        from pytest_racecheck.runtime.jitter.stacks import hang_from, stack_of

        if one.role is Role.TASK:
            plan = self.world.plan
            stack = stack_of(one.process.pid or 0, plan.directory)
            self.world.record(hang_from(one.name, plan.deadline, stack, plan.scope.contains))

    def _take(self, account: Account, errors: bool) -> None:
        world = self.world
        active = {name: weight for name, weight in account.weights.items() if weight}
        world.weights.update(active)
        world.names += [
            name for name in dict.fromkeys((*account.names, *active)) if name not in world.names
        ]
        world.remote_trace.extend(account.trace)
        world.titles.update(account.titles)
        world.not_covered.update(dict.fromkeys(account.not_covered))
        world.overlapped |= account.overlapped
        if world.recorder is not None:
            world.recorder.keys.update(account.keys)
        for error in account.errors if errors else ():
            world.record(error)


@contextlib.contextmanager
def observed(world: World) -> Iterator[ProcessWatch]:
    """Make every process started inside the block by a task of `world` a task of it, too."""
    watch = ProcessWatch(world)
    before = _finalizers_now()
    with contextlib.ExitStack() as stack:
        for name, make in _PATCHES.items():
            original = vars(BaseProcess).get(name)
            if original is not None:
                stack.callback(setattr, BaseProcess, name, original)
                setattr(BaseProcess, name, make(watch, original))
        # While the patches are there: what is ended now is ended as if by the program.
        stack.callback(_finish, watch, before)
        yield watch


def _finish(watch: ProcessWatch, finalizers: set[Any]) -> None:
    if watch.started:
        watch.finish(finalizers)


def _finalizers_now() -> set[Any]:
    util = sys.modules.get("multiprocessing.util")
    return set(util._finalizer_registry) if util is not None else set()


def _start(watch: ProcessWatch, original: Any) -> Any:
    def start(process: BaseProcess) -> None:
        if not watch.world.owns_current():
            original(process)
        else:
            watch.start(process, original)

    return start


def _bootstrap(_watch: ProcessWatch, original: Any) -> Any:
    def bootstrap(process: BaseProcess, *args: Any, **kwargs: Any) -> int:
        from pytest_racecheck.runtime.jitter.child import live

        return live(process, lambda: original(process, *args, **kwargs))

    return bootstrap


def _ending(watch: ProcessWatch, original: Any) -> Any:
    def end(process: BaseProcess) -> None:
        started = watch.of(process)
        if started is not None and ending.exit_code(process) is None:
            watch.ask(started)
            started.ended = True
        original(process)

    return end


def _exit_code(watch: ProcessWatch, original: Any) -> Any:
    def exit_code(process: BaseProcess) -> int | None:
        code: int | None = original.fget(process)
        if code and not sys._getframe(1).f_globals.get("__name__", "").startswith(_NOT_THE_PROGRAM):
            started = watch.of(process)
            if started is not None:
                started.seen = True
        return code

    return property(exit_code)


_PATCHES: dict[str, Callable[[ProcessWatch, Any], Any]] = {
    "start": _start,
    "_bootstrap": _bootstrap,
    "terminate": _ending,
    "kill": _ending,
    "interrupt": _ending,
    "exitcode": _exit_code,
}


def _method(process: BaseProcess) -> str:
    """The start method that the process will be started with."""
    own = getattr(process, "_start_method", None)
    if own is None:
        from multiprocessing import get_start_method

        own = get_start_method()
    return str(own)


def _bad_end(name: str, code: int) -> TaskError:
    if code > 0:
        return TaskError(name, Outcome.CRASHED, f"{name} exited with code {code}")
    with contextlib.suppress(ValueError):
        label = signal.Signals(-code).name
        return TaskError(name, Outcome.CRASHED, f"{name} died with exit code {code} ({label})")
    return TaskError(name, Outcome.CRASHED, f"{name} died with exit code {code}")
