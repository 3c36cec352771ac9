"""How a process that was started becomes part of the program, whichever way it was started.

What it needs to know rides on its `Process` object, as an attribute. A forked child finds it there, with the scheduler of the process that it is a
copy of, rewritten functions and all: the scheduler becomes a branch, and all that is exchanged stays exchanged. A child that begins with a
fresh interpreter unpickles the attachment before anything else of the object, and makes all of that anew.

Then it calls the process that schedules. From there on it stands still unless it is given leave; the first that it asks for is what its first
scheduling point is about to do.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import IDLE, control, current
from pytest_racecheck.runtime.interrupts import let_through
from pytest_racecheck.runtime.jitter.accounts import as_bytes
from pytest_racecheck.runtime.jitter.errors import error_of
from pytest_racecheck.runtime.parent_death import end_with_parent
from pytest_racecheck.runtime.processes import at_exit, kept_open
from pytest_racecheck.runtime.processes.branch import Branch
from pytest_racecheck.runtime.processes.channel import Channel
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.stacks import answer
from pytest_racecheck.runtime.processes.standing import raised_in_scope
from pytest_racecheck.runtime.threads.carrier import on_a_stack_of_its_own
from pytest_racecheck.runtime.threads.task import Task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.world import ProcessWorld

ATTRIBUTE = "_racecheck_branch"
_Socket = socket.socket
_connect = _Socket.connect


@dataclass(slots=True)
class Attachment:
    """What a `Process` object carries to the process that it becomes.

    `key` and `name` are those of its main task. `world` is that of the process it is forked from; `recipe` is what a fresh one is made of.
    `parent` is the process whose end must be this one's.
    """

    ticket: str
    key: str
    name: str
    address: tuple[int, Any]
    secret: bytes
    recorded: bool
    parent: int
    launched: bool
    stacks: str
    world: Any
    recipe: Any

    def __reduce__(self) -> tuple[Callable[..., Attachment], tuple[Any, ...]]:
        """Travel to a fresh interpreter, and prepare it on arrival."""
        return _arrive, (
            self.ticket, self.key, self.name, self.address, self.secret, self.recorded, self.parent, self.launched, self.stacks,
            self.recipe,
        )  # fmt: skip


def _arrive(*parts: Any) -> Attachment:
    from pytest_racecheck.runtime.processes.world import ProcessWorld

    *plain, recipe = parts
    return Attachment(*plain, ProcessWorld.made_of(recipe), None)  # type: ignore[call-arg]


def live(process: Any, bootstrap: Callable[[], int]) -> int:
    """Be the process, as a part of the program if it carries an attachment. Returns its exit code."""
    let_through()
    attachment = vars(process).pop(ATTRIBUTE, None)
    current.task = None
    if attachment is None:
        control.scheduler = IDLE
        return bootstrap()
    # What a forked process finds further out on its stack is where its parent stands: good for names, but no place of its own.
    attachment.world.scheduler.below = sys._getframe()
    return on_a_stack_of_its_own(lambda: _live(process, attachment, bootstrap))


def _live(process: Any, attachment: Attachment, bootstrap: Callable[[], int]) -> int:
    child = _Child(attachment)
    run = process.run
    process.run = lambda: child.run(run)
    code = bootstrap()
    at_exit.finish()
    child.end(code)
    if attachment.parent:
        # All that is left of a process that was forked is `os._exit`. While the system takes its memory down, which takes as long as much of a
        # run, others can go on: whatever they could still see of it is closed.
        kept_open.close_all()
    return code


class _Child:
    """One process of the program, from its first Python code to its last."""

    def __init__(self, attachment: Attachment) -> None:
        world: ProcessWorld = attachment.world
        end_with_parent(attachment.parent)
        world.leave_parent()
        world.ticket = f"{attachment.ticket}."
        channel = _called(attachment)
        self._world = world
        self._attachment = attachment
        self._errors: list[tuple[Any, ...]] = []
        self._branch = Branch(world, channel, recorded=attachment.recorded)
        # Until its own code runs, what it does is multiprocessing's doing.
        self._branch.inside = True
        self._main = world.branch_off(self._branch, attachment)
        world.scheduler.failed = self._failed
        answer(world.stacks_fd, attachment.stacks)
        if attachment.launched:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self, run: Callable[[], object]) -> None:
        """The process's own `run`: what it raises is noted, and goes on its way unless it would only be printed."""
        self._world.unpacked()
        self._branch.inside = False
        try:
            run()
        except SystemExit:
            raise
        except BaseException as error:
            self._note(self._attachment.name, error)
            if self._attachment.launched:
                raise SystemExit(1) from None
            raise
        finally:
            self._drain()

    def _failed(self, task: Task, error: BaseException) -> None:
        """What a thread of this process raised."""
        if not isinstance(error, SystemExit):
            self._note(task.name, error)

    def _note(self, name: str, error: BaseException) -> None:
        told = error_of(name, error)
        place = raised_in_scope(error, self._world.scope.contains)
        self._errors.append((told.summary, told.details, told.position, as_bytes(error), place))

    def _drain(self) -> None:
        """Threads that are no daemons are waited for, as at the end of any process."""
        left: list[Task] = [
            task for task in self._world.scheduler.tasks[1:] if not task.ended and not task.daemon
        ]
        self._branch.drain(left)

    def end(self, code: int) -> None:
        """All is done but to exit."""
        key = ("process", self._attachment.ticket)
        self._branch.perform(Request("touch", key, True, None))
        lets_go = bool(self._attachment.parent)
        self._branch.over(code, self._errors, self._world.late_keys(), lets_go)
        control.scheduler = IDLE


def _called(attachment: Attachment) -> Channel:
    family, address = attachment.address
    connected = _Socket(family, socket.SOCK_STREAM)
    _connect(connected, address)
    channel = Channel(connected)
    channel.send((attachment.secret, attachment.ticket, os.getpid()))
    return channel
