"""A task of another process, in the one that schedules: a greenlet that does here what the other asks for.

So to the scheduler and to the strategies a process is a task like any other. While the stand-in stands at a scheduling point, so does the task
itself, in its own process; when the stand-in goes on, it gives the task leave, and waits for what it asks for next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.errors import InternalError
from pytest_racecheck.runtime.processes.member import ASK, DIED, ENDED, OVER, Member
from pytest_racecheck.runtime.processes.request import Request

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.channel import Message


class StandIn:
    """The body of such a greenlet, for task number `index` of `member`."""

    def __init__(self, member: Member, index: int) -> None:
        self._member = member
        self._index = index

    def live(self) -> None:
        """From the task's first scheduling point to its end."""
        member, perform = self._member, self._member.hub.perform
        reply: Any = None
        while True:
            message = member.go_on(self._index, reply)
            if message[0] != ASK:
                break
            request = Request.of(message[2])
            if request.what == "private" and member.is_roused(self._index):
                request = request._replace(rest=(True, *request.rest[1:]))
            try:
                reply = perform(request)
            except Exception as error:
                raise InternalError(
                    f"what {member.name} asked for could not be done: {request.what} {request.key}: {type(error).__name__}: {error}\n"
                    "expected an answer to whatever a process may ask for\n"
                    "please report this, with the program"
                ) from error
        self._end(message)

    def _end(self, message: Message) -> None:
        kind, *rest = message
        if kind == ENDED:
            return
        member = self._member
        if kind == OVER:
            member.hub.ends.over(member, *rest)
        else:
            assert kind == DIED
            member.hub.ends.died(member)
