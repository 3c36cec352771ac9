"""What tasks ask for on things that processes share, done in the process that schedules them all.

It is done by the greenlet of the task, or of what stands in for it: that greenlet stands at the scheduling point, waits, and comes back with the
answer when the task is to go on. One method for each kind of request; to add a kind is to add a method to `_KINDS`.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.processes.answers import answer_as_text
from pytest_racecheck.runtime.processes.describing import Describing
from pytest_racecheck.runtime.processes.fields import Pieces, is_divided
from pytest_racecheck.runtime.processes.file_calls import operate_on_descriptor
from pytest_racecheck.runtime.processes.hub import Hub
from pytest_racecheck.runtime.processes.kept_server import gone
from pytest_racecheck.runtime.processes.managers import KeptServers
from pytest_racecheck.runtime.processes.retries import Retries
from pytest_racecheck.runtime.processes.semaphore_model import SemaphoreModel
from pytest_racecheck.runtime.processes.subjects import key_of
from pytest_racecheck.runtime.threads.task import Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.member import Member
    from pytest_racecheck.runtime.processes.request import Beside, Key, Request
    from pytest_racecheck.runtime.processes.world import ProcessWorld
    from pytest_racecheck.runtime.threads.library import Frames
    from pytest_racecheck.runtime.threads.resources import Resource
    from pytest_racecheck.runtime.threads.task import Task


class Root:
    """Performs requests for the current task."""

    # An operation that consists of others is being done: those are none of their own.
    inside = False

    def __init__(self, world: ProcessWorld) -> None:
        self.world = world
        self.scheduler = world.scheduler
        self.hub = Hub(self.scheduler, self.perform)
        self._semaphores: dict[Key, SemaphoreModel] = {}
        self._servers = KeptServers()
        # Where processes of the program are servers themselves.
        self._served: set[str] = set()
        self._retries = Retries(self.scheduler)
        self._pieces = Pieces()
        self.ticket = ""

    def begin(self) -> None:
        """A run begins."""
        self._semaphores.clear()
        self._servers.clear()
        self._served.clear()
        self._retries.begin()
        self._pieces.begin()

    def last_resort(self) -> bool:
        """Nobody can go on: whether those who wait to try again may do so now."""
        return self._retries.all_once_more()

    def process_ended(self) -> None:
        """What a process has held is free."""
        self._retries.all()

    def key_of(self, obj: Any) -> Key | None:
        """What other processes know `obj` by."""
        return key_of(obj)

    def call_at(self, at: Frames) -> None:  # noqa: ARG002
        """Whoever writes down the run sees by itself which call of the library's a task of this process is in."""
        return

    def leave(self) -> None:
        """This process was forked from the one that this belongs to."""
        self.world.leave_parent()

    def on_database(
        self, database: Any, name: str, statement: str, seconds: float, call: Callable[[], Any]
    ) -> tuple[bool, Any]:
        """Something is about to be asked of a database."""
        from pytest_racecheck.runtime.processes.databases import on_database

        return on_database(database, name, statement, seconds, call)

    def on_file(self, fd: int, name: str, writes: bool) -> None:
        """A file is about to be read or written by its descriptor."""
        operate_on_descriptor(fd, name, writes)

    def describing(self, *, named: bool) -> Describing:
        """What tells of tasks that cannot go on."""
        return Describing(self.hub, named=named)

    def held_by(self, member: Member) -> list[SemaphoreModel]:
        """The semaphores that tasks of `member` have taken."""
        return [
            one for one in self._semaphores.values() if any(t in one.holders for t in member.tasks)
        ]

    def written(self, look: Callable[[], str | None]) -> None:
        """The current task is about to write, and what it leaves `look` will show."""
        self.scheduler.written(self.scheduler.current, look)

    @property
    def recorded(self) -> bool:
        """Whether operations are to be told with names and values."""
        return self.scheduler.recording

    @property
    def is_alone(self) -> bool:
        """Whether nobody else is there with whom anything could be shared."""
        return self.scheduler.alone and not self.scheduler.remote

    def perform(self, request: Request) -> Any:
        """Let the current task stand before its operation, and do what there is to do on this side; returns the answer."""
        if request.what in _NOTES:
            return _NOTES[request.what](self, *request.rest)
        scheduler = self.scheduler
        task: Task = scheduler.current
        task.resource = self._resource(request.key)
        task.writes = request.writes
        task.point = scheduler.place_point(request.what, request.place)
        task.told = request
        resource, point = task.resource, task.point
        try:
            answer = _KINDS[request.what](self, task, request)
            if task.told is not None:
                # What was done meanwhile may have been operations of its own.
                task.resource, task.writes, task.point = resource, request.writes, point
                resource.happened(task, request.writes)
                for one in request.beside:
                    self._touched_beside(task, one)
                if scheduler.watch is not None:
                    scheduler.watch(task)
                if request.what != "retry":
                    self._retries.done(request)
        finally:
            task.told = None
        return answer

    def _resource(self, key: Key) -> Resource:
        resources = self.scheduler.resources
        return self._pieces.of(resources, key) if is_divided(key) else resources.shared(key)

    def _touched_beside(self, task: Task, one: Beside) -> None:
        resource = self.scheduler.resources.shared(one.key)
        resource.happened(task, one.writes)
        if self.scheduler.watch is not None:
            resource.note(task, task.point, one.writes)

    def _touch(self, task: Task, _request: Request) -> None:
        self.scheduler.stand(task)

    def _private(self, task: Task, request: Request) -> bool:
        """An operation on something that one process has for itself, and which it looks after."""
        enabled, deadline, operation = request.rest
        scheduler = self.scheduler
        if enabled and deadline is None:
            task.timed_out = False
            scheduler.stand(task)
        else:
            scheduler.block(task, Wait(operation, request), deadline, ready=enabled)
        return task.timed_out

    def _take(self, task: Task, request: Request) -> bool:
        return self._semaphore(request.key).take(task, request, *request.rest)

    def _give(self, task: Task, request: Request) -> None:
        self.scheduler.stand(task)
        self._semaphore(request.key).give(task, *request.rest)

    def _guarded(self, task: Task, request: Request) -> None:
        """An operation on something under a lock of its own, which is not to be seen."""
        key, value = request.rest
        self._semaphore(key).pass_by(task, value)

    def _retry(self, task: Task, request: Request) -> bool:
        """Wait until what `task` has tried in vain may be tried again; False if its time is over."""
        return self._retries.wait(task, request)

    def _semaphore(self, key: Key) -> SemaphoreModel:
        found = self._semaphores.get(key)
        if found is None:
            resource = self.scheduler.resources.shared(key)
            found = self._semaphores[key] = SemaphoreModel(self.scheduler, resource)
        return found

    def _join(self, task: Task, request: Request) -> bool | None:
        """Wait for a process to end; whether it has; None for one that is not known here."""
        ticket, timeout = request.rest
        member = self.hub.member(ticket)
        if member is None:
            return None
        if member.is_over:
            member.await_exit()
            return True
        scheduler = self.scheduler
        if timeout is not None and timeout <= 0:
            scheduler.strategy.yielded(task)
            scheduler.stand(task)
        else:
            self._await_end(task, member, timeout)
        if member.is_over:
            member.await_exit()
        return member.is_over

    def _await_end(self, task: Task, member: Member, timeout: float | None) -> None:
        scheduler = self.scheduler
        deadline = None if timeout is None else scheduler.now + timeout
        member.awaited_by.append(task)
        try:
            scheduler.block(task, Wait("join", member, member.main_task), deadline)
        finally:
            member.awaited_by.remove(task)
        if not member.is_over and deadline is not None:
            scheduler.now = max(scheduler.now, deadline)

    def _look_at(self, task: Task, request: Request) -> bool | None:
        """Whether a process has ended; None for one that is not known here."""
        self.scheduler.stand(task)
        member = self.hub.member(request.rest[0])
        if member is None:
            return None
        if member.is_over:
            member.await_exit()
        else:
            self.scheduler.strategy.yielded(task)
        return member.is_over

    def await_exit(self, pid: int) -> bool:
        """If that process is over, wait until the system says so, too; whether it is."""
        for member in self.hub.members:
            if member.is_over and member.pid == pid:
                member.await_exit()
                return True
        return False

    def _ticket_of(self, pid: int) -> str | None:
        """That of the process with that number, if it is one of the program and not over."""
        found = (one for one in self.hub.members if one.is_process(pid) and not one.is_over)
        return next((one.ticket for one in found), None)

    def started(self, ticket: str, process: Any, label: str, name: str, daemon: bool) -> None:
        """The current task has started a process."""
        self.hub.add_process(ticket, process, label, name, daemon=daemon)

    def open_server(self, address: str, registry: dict[str, Any]) -> None:
        """The current task has started a manager."""
        self._servers.open(address, registry)
        self.world.hosts = True
        if any(map(_is_users, registry.values())):
            # Their methods run here, and are divided into operations; they may meet.
            self.scheduler.has_company()

    def _open_server(self, address: str, registry: bytes) -> None:
        self.open_server(address, pickle.loads(registry))

    def _serve(self, task: Task, request: Request) -> bytes:
        """Do what a proxy asks of its server."""
        address, ident, content = request.rest
        server = self._servers.at(address)
        if server is None:
            return gone(address)
        if server.is_primitive(ident):
            # It is made of operations that are the points.
            answer = server.serve(content)
            task.told = None
            return answer
        self.scheduler.stand(task)
        task.told = None
        answer = server.serve(content)
        task.told = request
        # What a call returns is not what its object then is.
        if request.told is not None and request.told.value is None and request.told.kind != "CALL":
            task.told = request._replace(told=request.told._replace(value=answer_as_text(answer)))
        return answer

    def _manage(self, address: str, content: bytes) -> bytes:
        server = self._servers.at(address)
        return gone(address) if server is None else server.serve(content)

    def _close_server(self, address: str) -> None:
        self._servers.close(address)

    def _serving(self, address: str) -> None:
        """A process of the program is the server at that address."""
        self._served.add(address)

    def _is_served(self, address: str) -> bool:
        return address in self._served

    def _signalled(self, ticket: str) -> None:
        """A process was sent a signal: see what that does to it before anything else happens."""
        member = self.hub.member(ticket)
        if member is not None:
            member.was_signalled()

    def _note(self, ticket: str, what: str) -> None:
        member = self.hub.member(ticket)
        if member is not None:
            setattr(member, f"is_{what}", True)


_KINDS: dict[str, Callable[[Root, Task, Request], Any]] = {
    "touch": Root._touch,
    "private": Root._private,
    "take": Root._take,
    "give": Root._give,
    "guarded": Root._guarded,
    "join": Root._join,
    "look": Root._look_at,
    "retry": Root._retry,
    "serve": Root._serve,
}
# What is only to be known, and no operation.
_NOTES: dict[str, Callable[..., Any]] = {
    "signalled": Root._signalled,
    "serving": Root._serving,
    "served": Root._is_served,
    "note": Root._note,
    "await exit": Root.await_exit,
    "ticket of": Root._ticket_of,
    "manage": Root._manage,
    "close server": Root._close_server,
    "open server": Root._open_server,
}


def _is_users(registered: Any) -> bool:
    """Whether what a manager makes is not the library's."""
    make = registered[0]
    module = str(getattr(make, "__module__", "") or "")
    return make is not None and module.partition(".")[0] not in sys.stdlib_module_names
