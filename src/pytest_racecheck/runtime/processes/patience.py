"""Waiting for a process that was given leave: how long, and what it means when nothing comes.

It may compute for long, and that is its right, up to a limit. It may also stand in a call that nobody controls, waiting for somebody who stands
still himself; then it would wait for ever. The two are told apart by whether it uses the processor.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.processes.channel import Channel, Closed
from pytest_racecheck.runtime.processor_time import processor_time
from pytest_racecheck.runtime.threads.stuck_call import StuckCall
from pytest_racecheck.runtime.threads.task import Aborted

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.member import Member

# Seconds: between two looks, idle until it is taken to be blocked, computing until it is taken to do so for ever.
_LOOK = 0.1
BLOCKED = 1.0
ENDLESS = 5.0
_IDLE_SHARE = 0.05
# While a campaign is on, the module itself holds the controlled ones.
_monotonic = time.monotonic


class Patience:
    """How one member is waited for."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def wait(self, channel: Channel) -> None:
        """Return when there is something to receive. Ends the run where that never comes."""
        if channel.is_ready(_LOOK):
            return
        scheduler = self._member.hub.scheduler
        before, scheduler.patient = scheduler.patient, True
        try:
            self._wait_long(channel)
        finally:
            scheduler.patient = before

    def _wait_long(self, channel: Channel) -> None:
        began = quiet = _monotonic()
        used = processor_time(self._member.pid)
        while not channel.is_ready(_LOOK):
            if self._is_gone() and not channel.is_ready(0.0):
                # Somebody else may still hold its end of the line.
                raise Closed
            now, more = _monotonic(), processor_time(self._member.pid)
            if more - used > _IDLE_SHARE * (now - quiet):
                quiet, used = now, more
            if now - quiet > BLOCKED:
                self._give_up(self._blocked(now - quiet))
            if now - began > self._member.hub.endless:
                self._give_up(None)

    def _is_gone(self) -> bool:
        handle = self._member.handle
        return handle is not None and handle.is_gone()

    def _blocked(self, seconds: float) -> StuckCall:
        inner, position = self._member.hub.stacks.standing(self._member.pid)
        return StuckCall(self._member.name, inner, position, seconds)

    def _give_up(self, call: StuckCall | None) -> None:
        hub = self._member.hub
        if call is not None:
            hub.scheduler.blocked = call
        else:
            hub.scheduler.endless = True
            hub.scheduler.record(self._endless())
        hub.scheduler.abort()
        raise Aborted

    def _endless(self) -> TaskError:
        _, position = self._member.hub.stacks.standing(self._member.pid)
        where = f", at {position}" if position is not None else ""
        return TaskError(
            task=self._member.name,
            kind=Outcome.LIVELOCK,
            summary=f"livelock: {self._member.name} computes without end{where}",
            details=f"{self._member.hub.endless:g} s had passed without an operation on anything that processes share",
            position=_place(position),
        )


def _place(position: Position | None) -> tuple[str, int] | None:
    return None if position is None else (position.file, position.line)
