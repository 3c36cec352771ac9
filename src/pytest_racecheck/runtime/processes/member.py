"""A process that takes part in the program, as the process sees it that schedules them all.

Of each member at most one task runs at a time, and only while everybody else in all processes stands still: it was given leave, and this side
waits until it asks for the next thing. What a member tells with its requests (which tasks it has made, which of them can go on) is taken
in before anything else happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.processes.channel import Channel, Closed, Message
from pytest_racecheck.runtime.processes.handle import EXIT, Handle, is_readable
from pytest_racecheck.runtime.processes.patience import Patience

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.hub import Hub
    from pytest_racecheck.runtime.threads.task import Task

#: What the two sides say to each other; see `branch.py` for the other one.
ASK, ENDED, OVER, DIED, ANSWER = "ask", "ended", "over", "died", "answer"
GO, PROBE, DESCRIBE, ELSEWHERE = "go", "probe", "describe", "elsewhere"


class Member:
    """One process. `tasks` are its own, in the order in which it made them, its main task first.

    `watching` counts those that wait for a descriptor to become ready, `awaited_by` are the tasks that wait for its end. `is_ended`: it was
    ended on purpose; `is_seen`: the program has looked at its exit code. `told_code` is that code where the process has closed all it had, and
    has nothing left to do but to exit.
    """

    def __init__(self, hub: Hub, ticket: str, process: Any) -> None:
        self.hub = hub
        self.ticket = ticket
        self.process = process
        self.handle: Handle | None = None
        self.name = ""
        self.tasks: list[Task] = []
        self.watching = 0
        self.awaited_by: list[Task] = []
        self.is_over = self.is_ended = self.is_seen = False
        self.told_code: int | None = None
        self._asked: dict[int, int] = {}
        self._roused: set[int] = set()
        # What came though nothing was to come: a signal had it leave what it was about to do.
        self._unexpected: Message | None = None
        self._channel: Channel | None = None
        self._patience = Patience(self)

    def attach(self, channel: Channel, pid: int) -> None:
        """It has come, and says which process it is."""
        self._channel = channel
        self.handle = Handle(pid)

    @property
    def pid(self) -> int:
        """Its number; 0 before it has come."""
        return 0 if self.handle is None else self.handle.pid

    def is_process(self, pid: int) -> bool:
        """Whether that is its number, which whoever has started it knows before it has come."""
        return pid in (self.pid, getattr(getattr(self.process, "_popen", None), "pid", 0))

    @property
    def main_task(self) -> Task:
        """The task that the process begins as."""
        return self.tasks[0]

    def go_on(self, index: int, reply: Any) -> Message:
        """Give task number `index` leave to do what it has asked for; returns what comes next: its next request, or its end."""
        if self._channel is None and not self.hub.await_arrival(self):
            return (DIED,)
        assert self._channel is not None
        if self._unexpected is not None:
            message, self._unexpected = self._unexpected, None
            return message
        try:
            self._channel.send(
                (GO, index, self._asked.get(index, 0), self.hub.scheduler.now, reply)
            )
            return self._next()
        except Closed:
            return (DIED,)

    def probe(self) -> bool:
        """Have it look which of its tasks can go on by now; whether any can that could not."""
        before = sum(task.enabled for task in self.tasks)
        self._answer((PROBE,))
        return sum(task.enabled for task in self.tasks) > before

    def describe(self, named: bool) -> dict[int, tuple[Any, ...]]:
        """Where each of its tasks stands, by their numbers; see `branch.py`."""
        answer = self._answer((DESCRIBE, named))
        return answer[1] if answer is not None else {}

    def elsewhere(self) -> list[Task]:
        """Its tasks that wait for somebody who is no part of the program."""
        answer = self._answer((ELSEWHERE,))
        return [] if answer is None else [self.tasks[index] for index in answer[1]]

    def was_signalled(self) -> None:
        """Another task has sent it a signal: it may be gone, or about to do something else than it has asked for."""
        if self._channel is not None and not self.is_over and self._answer((PROBE,)) is None:
            self.hub.ends.died(self)

    def _answer(self, question: Message) -> Message | None:
        if self._channel is None or self.is_over:
            return None
        try:
            self._channel.send(question)
            message = self._next()
            while message[0] != ANSWER:
                self._unexpected = message
                self.hub.scheduler.enable(self.tasks[message[1] if message[0] == ASK else 0])
                message = self._next()
        except Closed:
            return None
        return message

    def _next(self) -> Message:
        assert self._channel is not None
        self._patience.wait(self._channel)
        message = self._channel.receive()
        scheduler = self.hub.scheduler
        kind, now, news, asked, *rest = message
        scheduler.now = max(scheduler.now, now)
        for item in news:
            _NEWS[item[0]](self, *item[1:])
        if kind == ASK:
            self._roused.discard(rest[0])
        if asked:
            scheduler.outside.ask()
        if kind == ASK:
            index, number, request = rest
            self._asked[index] = number
            return (kind, index, request)
        return (kind, *rest)

    def _made_thread(self, label: str, name: str, daemon: bool) -> None:
        self.hub.add_task(self, label, name, daemon=daemon)

    def _made_process(self, ticket: str, label: str, name: str, daemon: bool) -> None:
        self.hub.add_process(ticket, None, label, name, daemon=daemon)

    def is_roused(self, index: int) -> bool:
        """Whether task number `index` can go on by now, though it could not when it asked: what it waits for may have come since."""
        return index in self._roused

    def _can_go_on(self, index: int) -> None:
        self._roused.add(index)
        self.hub.scheduler.enable(self.tasks[index])

    def _cannot_go_on(self, index: int) -> None:
        self._roused.discard(index)
        self.hub.scheduler.disable(self.tasks[index])

    def _watches(self, count: int) -> None:
        self.watching = count

    def _wrote(self, index: int, value: str | None) -> None:
        self.hub.scheduler.written(self.tasks[index], lambda: value)

    def _lost_control(self, text: str) -> None:
        self.hub.scheduler.uncontrolled.add(text)

    def over(self, *, lets_go: bool = False) -> None:
        """It has ended, or is about to: wait until it has nothing any more that others could see, and let go of it.

        `lets_go`: it closes the line as the last of all that it has. One that is killed closes what it has in any order: there only its end will do.
        """
        self.is_over = True
        self.watching = 0
        if self._channel is not None:
            if lets_go and self.handle is not None:
                self.handle.lets_go(self._channel.fd, EXIT)
            else:
                self.await_exit()
            self._channel.close()
        for task in self.tasks:
            self.hub.scheduler.disable(task)
            task.wait = None
            # Whoever is left of a process that is over is nobody to wait for.
            task.daemon = True
        for waiting in self.awaited_by:
            self.hub.scheduler.enable(waiting)
        self.hub.process_ended()

    def await_exit(self) -> None:
        """It is over: wait until the system says so, too, and can tell its exit code.

        Of a process that a server has forked, that server says so: whoever waits for it waits for what the server writes.
        """
        if self.handle is not None:
            self.handle.is_gone(EXIT)
        popen = getattr(self.process, "_popen", None)
        if popen is not None and popen.method == "forkserver" and popen.returncode is None:
            is_readable(popen.sentinel, EXIT)

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._channel is not None:
            self._channel.close()
        if self.handle is not None:
            self.handle.kill()
            self.handle.is_gone(EXIT)
            self.handle.close()

    def forget(self) -> None:
        """This process is another one, made by a fork: the line is not its own."""
        if self._channel is not None:
            self._channel.close()
        if self.handle is not None:
            self.handle.close()


_NEWS: dict[str, Callable[..., None]] = {
    "thread": Member._made_thread,
    "process": Member._made_process,
    "on": Member._can_go_on,
    "off": Member._cannot_go_on,
    "watches": Member._watches,
    "wrote": Member._wrote,
    "uncontrolled": Member._lost_control,
}
