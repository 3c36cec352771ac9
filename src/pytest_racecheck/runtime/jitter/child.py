"""A task from inside its own process: how it begins, and how it ends.

What a child needs to know rides on its `Process` object, as an attribute. A forked child finds it there, with the parent's
world, which it empties and takes over, patches included. A child that begins with a fresh interpreter unpickles it, before
anything else of the object, and that is when it patches what it will need; a world of its own it enters just before `run`.

The account is written when multiprocessing's own end is through: then the child's threads and children have ended. A child that
is terminated does not get that far, and is asked for its account before (`asking.py`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.runtime.context import TaskHooks, current
from pytest_racecheck.runtime.interrupts import let_through
from pytest_racecheck.runtime.jitter import processes, threads
from pytest_racecheck.runtime.jitter.accounts import Account
from pytest_racecheck.runtime.jitter.asking import ACCOUNT_SIGNAL, answer
from pytest_racecheck.runtime.jitter.errors import error_of
from pytest_racecheck.runtime.jitter.operations import points_for
from pytest_racecheck.runtime.jitter.plan import RunPlan
from pytest_racecheck.runtime.jitter.role import Role
from pytest_racecheck.runtime.jitter.stacks import dump_on_request
from pytest_racecheck.runtime.jitter.task import RunAborted
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.parent_death import end_with_parent
from pytest_racecheck.runtime.processes import at_exit

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.processes import ProcessWatch

ATTRIBUTE = "_racecheck_attachment"


class Attachment:
    """What a `Process` object carries from the process that starts it to the one that it becomes.

    `watch` is the parent's, and there only after a fork. `parent` is the process whose end must be this one's, if any.
    """

    def __init__(
        self, name: str, plan: RunPlan, role: Role, parent: int | None, watch: ProcessWatch | None
    ) -> None:
        self.name = name
        self.plan = plan
        self.role = role
        self.parent = parent
        self.watch = watch

    def __reduce__(self) -> tuple[Callable[..., Attachment], tuple[Any, ...]]:
        """Travel to a fresh interpreter, and patch it on arrival."""
        return arrive, (self.name, self.plan, self.role, self.parent)


def arrive(name: str, plan: RunPlan, role: Role, parent: int | None) -> Attachment:
    """The attachment in a fresh interpreter: the process object that carries it becomes a task when it begins."""
    from multiprocessing.process import BaseProcess

    original = BaseProcess._bootstrap  # type: ignore[attr-defined]

    def bootstrap(process: BaseProcess, *args: Any, **kwargs: Any) -> int:
        BaseProcess._bootstrap = original  # type: ignore[attr-defined]
        return live(process, lambda: original(process, *args, **kwargs))

    BaseProcess._bootstrap = bootstrap  # type: ignore[attr-defined]
    if role is not Role.SERVER:
        points_for(plan.scope).install()
    return Attachment(name, plan, role, parent, None)


def live(process: Any, bootstrap: Callable[[], int]) -> int:
    """Run the process as the task it carries, and as always when it carries none. Returns its exit code."""
    attachment = vars(process).pop(ATTRIBUTE, None)
    if attachment is None:
        current.task = None
        return bootstrap()
    with contextlib.ExitStack() as stack:
        child = _Child(attachment, stack)
        run = process.run
        process.run = lambda: child.run(run)
        code = bootstrap()
        at_exit.finish()
        child.end()
    return code


class _Child:
    """One process that is a task, from its first Python code to its last."""

    def __init__(self, attachment: Attachment, stack: contextlib.ExitStack) -> None:
        self._name = attachment.name
        self._plan = attachment.plan
        self._launched = attachment.role is Role.LAUNCHED
        # A server's threads are no tasks of the program's, as long as none of its code runs in them.
        self._tells_names = attachment.role is not Role.SERVER
        self._ended = False
        current.task = None
        if attachment.parent is not None:
            end_with_parent(attachment.parent)
        self._watch = attachment.watch or _fresh_watch(self._plan, stack)
        self._watch.started.clear()
        self._watch.world.become_child(
            self._name, self._plan, serves=attachment.role is Role.SERVER
        )
        # The operations of a manager's server are those of the tasks that it serves.
        if attachment.role is not Role.SERVER:
            points = points_for(self._plan.scope)
            points.install()
            points.rebind()
        answer(ACCOUNT_SIGNAL, self._tell)
        if attachment.role in (Role.TASK, Role.LAUNCHED):
            dump_on_request(self._plan.directory)
        if self._launched:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            let_through()

    def run(self, run: Callable[[], object]) -> None:
        """The process's own `run`: what it raises is noted, and goes on its way unless it would only be printed."""
        world = self._watch.world
        current.task = world.main
        try:
            run()
        except SystemExit:
            raise
        except RunAborted:
            raise SystemExit(0) from None
        except BaseException as error:
            world.record(error_of(self._name, error))
            if self._launched:
                raise SystemExit(1) from None
            raise
        finally:
            current.task = None

    def end(self) -> None:
        """Write the account for good."""
        current.task = None
        self._watch.judge()
        self._tell()
        self._ended = True

    def _tell(self) -> None:
        """Write the account as it stands."""
        if self._ended:
            return
        world = self._watch.world
        Account(
            name=self._name,
            pid=os.getpid(),
            weights={task.name: task.weight for task in world.tasks},
            names=tuple(world.names[1:]) if self._tells_names else (),
            titles=dict(world.titles),
            trace=tuple(step for task in world.tasks for step in task.trace),
            keys=frozenset(world.recorder.keys if world.recorder is not None else ()),
            errors=tuple(world.errors),
            not_covered=tuple(world.not_covered),
            overlapped=world.overlapped,
        ).write(self._plan.directory)


def _fresh_watch(plan: RunPlan, stack: contextlib.ExitStack) -> ProcessWatch:
    """A world in a fresh interpreter: what is imported by now is rewritten, and for good, since it all ends with the task."""
    world = World(plan)
    if plan.keys is None:
        world.recorder = Recorder(plan.scope)
    else:
        from pytest_racecheck.instrument.install import Instrumentation

        Instrumentation(plan.scope, TaskHooks()).install(plan.keys)
    if plan.switch_interval is not None:
        sys.setswitchinterval(plan.switch_interval)
    stack.enter_context(threads.observed(world))
    watch = stack.enter_context(processes.observed(world))
    stack.callback(world.stop_recording)
    return watch
