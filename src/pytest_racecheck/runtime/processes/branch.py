"""A process that another one schedules, seen from inside: each of its scheduling points is a question to that one.

The process has a scheduler of its own, with tasks of its own: its main thread, and the threads it starts, which are greenlets here as they
are there. What they share among themselves is known here, and so is which of them can go on. But who of them all goes on, in this process or in
another one, is not decided here. A task that stands at a point tells what it is about to do, and waits until one of this process's tasks is
given leave.

With each message goes what the other side has to know and what has changed since the last one: tasks that were made, tasks that can or cannot go
on any more. While nobody here has leave nothing happens here, so that side always knows all of it.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.processes.channel import Channel, Closed
from pytest_racecheck.runtime.processes.file_calls import operate_on_descriptor
from pytest_racecheck.runtime.processes.kept_server import dumped
from pytest_racecheck.runtime.processes.member import ANSWER, ASK, ELSEWHERE, ENDED, GO, OVER, PROBE
from pytest_racecheck.runtime.processes.request import Call, Key, Place, Request, Told
from pytest_racecheck.runtime.processes.standing import Calls, described, place_of, told_of_call
from pytest_racecheck.runtime.processes.subjects import key_of
from pytest_racecheck.runtime.processes.suspension import uncontrolled
from pytest_racecheck.runtime.threads.spelling import spelled
from pytest_racecheck.runtime.threads.task import Task, Wait
from pytest_racecheck.runtime.threads.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_racecheck.runtime.processes.world import ProcessWorld
    from pytest_racecheck.runtime.threads.library import Frames


class Branch:
    """The way to the process that schedules; satisfies `threads.superior.Superior`, and performs requests as `Root` does.

    A task's reply is kept in `_replies` until the task itself goes on.
    """

    # An operation that consists of others is being done: those are none of their own.
    inside = False
    is_alone = False

    def __init__(self, world: ProcessWorld, channel: Channel, *, recorded: bool) -> None:
        self.world = world
        self.scheduler = scheduler = world.scheduler
        self.recorded = recorded
        self.news: list[tuple[Any, ...]] = []
        self.ticket = world.ticket
        self._channel = channel
        self._replies: dict[Task, Any] = {}
        self._enabled: dict[Task, bool] = {}
        self._told_uncontrolled: set[str] = set()
        # Which task writes, and what shows what it has written.
        self._written: tuple[int, Callable[[], str | None]] | None = None
        self._watching = 0
        self._questions = 0
        self._calls = Calls()
        # Somebody may be able to go on who waits for a descriptor, since something was written.
        self.asked = False
        scheduler.outside.others = self._ask_others

    def perform(self, request: Request) -> Any:
        """Have the current task stand before what it asks for; returns the answer."""
        return self._ask(self.scheduler.current, request)

    def stand(self, task: Task) -> None:
        """A scheduling point before something that this process has for itself; none where it is no operation of the program."""
        if self.inside and task.enabled:
            task.timed_out = False
            return
        resource = task.resource
        number = 0 if resource is None else resource.number
        wait = task.wait
        request = Request(
            "private",
            ("private", self.scheduler.tasks[0].key, number),
            task.writes,
            self._place(),
            self._told(task) if self.recorded else None,
            (task.enabled, task.deadline, "" if wait is None else wait.operation),
        )
        self._enabled[task] = task.enabled
        task.timed_out = bool(self._ask(task, request))
        if request.told is not None and request.writes and resource is not None:
            self.written(partial(shown, resource))
        if task.timed_out and task in self.scheduler.timed:
            self.scheduler.timed.remove(task)

    def written(self, look: Callable[[], str | None]) -> None:
        """The current task is about to write, and what it leaves `look` will show; whoever makes the report hears of it with the next message."""
        self._written = (self.scheduler.current.index, look)

    def ended(self, task: Task) -> Task:
        """A thread of this process has ended; returns who goes on."""
        self._send(ENDED)
        self._enabled.pop(task, None)
        return self._next()

    def over(self, code: int, *rest: Any) -> None:
        """The process is about to end with that exit code."""
        self._send(OVER, code, *rest)

    def started(self, ticket: str, process: Any, label: str, name: str, daemon: bool) -> None:  # noqa: ARG002
        """The current task has started a process: it is told with the next message."""
        task: Task = self.scheduler.current
        task.child_key(label)
        self.news.append(("process", ticket, label, name, daemon))

    def await_exit(self, pid: int) -> bool:
        """If that process is over, wait until the system says so, too; whether it is."""
        return bool(self.perform(Request("await exit", (), False, None, None, (pid,))))

    def _ask_others(self) -> bool:
        self.asked = True
        return False

    def close(self) -> None:
        """This process is another one, made by a fork: the line is not its own."""
        self._channel.close()

    def _told(self, task: Task) -> Told | None:
        """What is to be said of an instruction; of a primitive, whose point is none, by what it does, or by the call that it is a part of."""
        if task.point < 0 or task.resource is None:
            return told_of_call("" if task.wait is None else task.wait.operation)
        site = self.world.points.all[task.point].site
        with uncontrolled():
            value = None if task.writes else shown(task.resource)
            name = spelled(site) or site.name
        return Told(site.kind.name, name, site.columns, site.name, value)

    def _place(self) -> Place | None:
        return place_of(self.scheduler.in_scope, 3)

    def _ask(self, task: Task, request: Request) -> Any:
        self._questions += 1
        number = self._questions
        self._send(ASK, task.index, number, request.plain())
        chosen = self._next(task, number)
        if chosen is not task:
            self.scheduler.transfer(task, chosen)
        return self._replies.pop(task)

    def _send(self, kind: str, *rest: Any) -> None:
        scheduler = self.scheduler
        news, self.news = self.news, []
        for task in scheduler.fresh:
            self._enabled[task] = True
            news.append(("thread", _label(task), task.name, task.daemon))
        scheduler.fresh.clear()
        for task, told in self._enabled.items():
            if task.enabled is not told:
                self._enabled[task] = task.enabled
                news.append(("on" if task.enabled else "off", task.index))
        watching = scheduler.outside.waiting
        if watching != self._watching:
            self._watching = watching
            news.append(("watches", watching))
        if self._written is not None:
            (index, look), self._written = self._written, None
            with uncontrolled():
                news.append(("wrote", index, look()))
        for text in scheduler.uncontrolled - self._told_uncontrolled:
            self._told_uncontrolled.add(text)
            news.append(("uncontrolled", text))
        asked, self.asked = self.asked, False
        try:
            self._channel.send((kind, scheduler.now, tuple(news), asked, *rest))
        except Closed:
            os._exit(1)

    def _next(self, task: Task | None = None, number: int = 0) -> Task:
        """Wait until a task of this process is given leave; returns which. `task` has asked question `number`."""
        scheduler = self.scheduler
        while True:
            try:
                verb, *rest = self._channel.receive()
            except Closed:
                # There is nobody left to take part with.
                os._exit(1)
            if verb == GO:
                index, answered, now, reply = rest
                chosen = scheduler.tasks[index]
                if chosen is task and answered != number:
                    # It is the leave for something that was given up since.
                    continue
                scheduler.now = now
                scheduler.enable(chosen)
                self._enabled[chosen] = True
                self._replies[chosen] = reply
                return chosen
            if verb == PROBE:
                scheduler.outside.ask()
                self.asked = False
                self._send(ANSWER, None)
            elif verb == ELSEWHERE:
                with uncontrolled():
                    found = scheduler.outside.elsewhere()
                self._send(ANSWER, tuple(waiting.index for waiting in found))
            else:
                self._send(ANSWER, described(scheduler, named=rest[0]))

    def open_server(self, address: str, registry: dict[str, Any]) -> None:
        """The current task has started a manager: the server is where the scheduler is."""
        self.perform(Request("open server", (), True, None, None, (address, dumped(registry))))

    def key_of(self, obj: Any) -> Key | None:
        """What other processes know `obj` by."""
        return key_of(obj)

    def call_at(self, at: Frames) -> Call | None:
        """The library's call that the current task is in, if it is one on something that processes share."""
        return self._calls.at(self.scheduler.current, at)

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

    def describing(self, *, named: bool) -> None:  # noqa: ARG002
        """Each process can tell of its own tasks."""
        return

    def drain(self, tasks: Sequence[Task]) -> None:
        """The main task stands until all of `tasks` have ended."""
        scheduler = self.scheduler
        left = set(tasks)

        def ended(task: Task) -> None:
            left.discard(task)
            if not left:
                scheduler.enable(scheduler.tasks[0])

        for task in tasks:
            task.on_end.append(partial(ended, task))
        if left:
            scheduler.block(scheduler.tasks[0], Wait("join", None))


def _label(task: Task) -> str:
    return task.key.rpartition("/")[2].rpartition(":")[0]
