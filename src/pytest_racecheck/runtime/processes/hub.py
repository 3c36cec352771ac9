"""All processes that take part in a program, and how they come to.

Whoever starts a process gives it a ticket and the address of a socket. The process calls there with its ticket, before it runs any of the
program's code, and from then on it stands still unless it is given leave. So it makes no difference by whom and how it was started:
forked or not, by the process in which the campaign runs or by another one.

The address is one that only sockets of this machine know, and where the system has such, one that is no file. Who calls has to know a secret.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.processes.channel import Channel, Closed
from pytest_racecheck.runtime.processes.departures import Departures
from pytest_racecheck.runtime.processes.ends import Ends
from pytest_racecheck.runtime.processes.handle import is_readable
from pytest_racecheck.runtime.processes.leftovers import Leftovers, kill
from pytest_racecheck.runtime.processes.member import Member
from pytest_racecheck.runtime.processes.patience import ENDLESS
from pytest_racecheck.runtime.processes.stacks import Stacks
from pytest_racecheck.runtime.processes.stand_in import StandIn
from pytest_racecheck.runtime.processes.suspension import uncontrolled

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.runtime.threads.task import Task

# How long a process may take until it calls, in seconds: a fresh interpreter imports what it needs.
_ARRIVAL = 30.0
_LOOK = 0.05
# Its first message must come soon.
_GREETING = 5.0
_monotonic = time.monotonic
_Socket = socket.socket
_accept = _Socket._accept if hasattr(_Socket, "_accept") else None

Address = Any


class Hub:
    """The processes of one run after the other. `perform` does what their tasks ask for.

    `endless` is how many seconds a process may compute without asking for anything.
    """

    def __init__(self, scheduler: Scheduler, perform: Callable[[Any], Any]) -> None:
        self.scheduler = scheduler
        self.perform = perform
        self.endless = ENDLESS
        self.held: Callable[[Member], list[Any]] = lambda _member: []
        self.process_ended: Callable[[], None] = lambda: None
        self.secret = secrets.token_bytes(16)
        self.members: list[Member] = []
        self.stacks = Stacks()
        self.ends = Ends(self)
        # What code in scope the members came to that nobody had come to before.
        self.late: set[tuple[Any, ...]] = set()
        self.departures = Departures()
        self._leftovers = Leftovers()
        self._arrived: dict[str, tuple[Channel, int]] = {}
        self._folder: str | None = None
        self._listener = self._listen()
        self._fd = self._listener.fileno()

    def _listen(self) -> socket.socket:
        if sys.platform.startswith("linux"):
            listener = _Socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(f"\0racecheck-{os.getpid()}-{secrets.token_hex(8)}")
        elif hasattr(socket, "AF_UNIX"):
            self._folder = tempfile.mkdtemp(prefix="racecheck-", dir="/tmp")
            listener = _Socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(os.path.join(self._folder, "hub"))
        else:
            listener = _Socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        listener.setblocking(False)
        return listener

    @property
    def address(self) -> tuple[int, Address]:
        """Where to call: the family, and the address in it."""
        return int(self._listener.family), self._listener.getsockname()

    def add_process(
        self, ticket: str, process: Any, label: str, name: str, *, daemon: bool
    ) -> Member:
        """A process was started by the current task; it takes part from now on."""
        member = Member(self, ticket, process)
        self.members.append(member)
        member.name = self.add_task(member, label, name, daemon=daemon).name
        return member

    def add_task(self, member: Member, label: str, name: str, *, daemon: bool) -> Task:
        """A task of `member`, and what stands in for it here."""
        stand_in = StandIn(member, len(member.tasks))
        task = self.scheduler.add(label, stand_in.live, daemon=daemon, name=name, remote=True)
        member.tasks.append(task)
        self.scheduler.release(task)
        return task

    def of(self, process: Any) -> Member | None:
        """The member that a process object of this process stands for."""
        return next((one for one in self.members if one.process is process), None)

    def member(self, ticket: str) -> Member | None:
        """The member with that ticket."""
        return next((one for one in self.members if one.ticket == ticket), None)

    def await_arrival(self, member: Member) -> bool:
        """Wait until it has called; whether it has: it may be gone before."""
        before, self.scheduler.patient = self.scheduler.patient, True
        end = _monotonic() + _ARRIVAL
        try:
            while member.ticket not in self._arrived:
                if not self._take_call() and (_monotonic() > end or self._is_gone(member)):
                    return False
        finally:
            self.scheduler.patient = before
        member.attach(*self._arrived.pop(member.ticket))
        return True

    def _is_gone(self, member: Member) -> bool:
        popen = getattr(member.process, "_popen", None)
        with uncontrolled():
            is_gone = popen is not None and popen.poll() is not None
        return is_gone and not self._take_call()

    def _take_call(self, seconds: float = _LOOK) -> bool:
        """Answer one call, waiting for it for a moment; whether there was one."""
        with contextlib.suppress(OSError, ValueError, Closed, TypeError):
            if not is_readable(self._fd, seconds):
                return False
            assert _accept is not None
            fd, _ = _accept(self._listener)
            channel = Channel(_Socket(self._listener.family, socket.SOCK_STREAM, fileno=fd))
            if channel.is_ready(_GREETING):
                secret, ticket, pid = channel.receive()
                if hmac.compare_digest(secret, self.secret):
                    self._arrived[ticket] = channel, pid
                    return True
            channel.close()
        return False

    def probe(self) -> bool:
        """Ask the processes whose tasks wait for a descriptor whether one is ready by now; whether a task can go on that could not."""
        found = [member.probe() for member in self.members if member.watching]
        return any(found)

    def elsewhere(self) -> list[Task]:
        """The tasks of all members that wait for somebody who is no part of the program."""
        return [task for member in self.members if member.watching for task in member.elsewhere()]

    def standing_of(self, task: Task) -> Position | None:
        """Where a task of a member stands; None for one of this process."""
        for member in self.members:
            if task in member.tasks:
                told = member.describe(False).get(member.tasks.index(task))
                return None if told is None or told[4] is None else Position(*told[4])
        return None

    def held_by(self, member: Member) -> str:
        """What is to be said of what a process held that is gone; "" where it held nothing."""
        names = [str(one) for one in self.held(member)]
        return f" while it held {', '.join(names)}" if names else ""

    def begin(self) -> None:
        """A run begins."""
        self.departures.reap()
        self.members.clear()
        self.ends.begin()
        self._leftovers.note()

    def end(self) -> None:
        """The run is over: nobody is left running."""
        for member in self.members:
            member.kill()
        while self._take_call(0.0):
            pass
        for channel, pid in self._arrived.values():
            channel.close()
            kill(pid)
        self._arrived.clear()
        self._leftovers.clear(self)
        self.members.clear()

    def forget(self) -> None:
        """This process was forked from the one whose hub it is: the lines are not its own."""
        os.close(self._fd)
        self._listener.detach()
        for member in self.members:
            member.forget()
        for channel, _ in self._arrived.values():
            channel.close()
        self._arrived.clear()
        self.members.clear()

    def close(self) -> None:
        """There will be no more runs."""
        self.departures.reap()
        self._listener.close()
        self.stacks.close()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, "hub"))
                os.rmdir(self._folder)
