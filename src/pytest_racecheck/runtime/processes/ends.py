"""How processes end, and what of it is the run's failure.

A child's bad end is one, with exceptions. The program may end a child itself, and a pool its workers. And a program that looks at an exit code has
seen what became of the child: if it is content with that, so are we.
"""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.jitter.accounts import from_bytes
from pytest_racecheck.runtime.processes.suspension import uncontrolled

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.hub import Hub
    from pytest_racecheck.runtime.processes.member import Member


# It is gone; of one that a server has forked the server's word comes a moment later.
_REAPED = 2.0


class Ends:
    """The ends of the members of one run."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._errors: dict[Member, list[TaskError]] = {}
        self._codes: dict[Member, int] = {}
        self._held: dict[Member, str] = {}

    def begin(self) -> None:
        """A run begins."""
        self._errors.clear()
        self._codes.clear()
        self._held.clear()

    def over(
        self, member: Member, code: int, errors: list[tuple[Any, ...]], keys: Any, lets_go: bool = False
    ) -> None:  # fmt: skip
        """A member has come to its end by itself; `lets_go` as for `Member.over`."""
        self._codes[member] = code
        self._errors[member] = [_error(member, *plain) for *plain, _ in errors]
        for plain, error in zip(errors, self._errors[member], strict=True):
            place = None if plain[-1] is None else Position(*plain[-1])
            self._hub.scheduler.raised(member.main_task, error, place)
        self._hub.late.update(tuple(key) for key in keys)
        if lets_go:
            member.told_code = code
        member.over(lets_go=lets_go)

    def died(self, member: Member) -> None:
        """A member is gone, without a word."""
        if member.is_over:
            return
        member.over()
        code = self._exit_code(member)
        if code is None:
            # Whoever has started it could tell.
            self._hub.scheduler.uncontrolled.add(f"how {member.name} ended")
            return
        self._codes[member] = code
        held = self._hub.held_by(member)
        if held:
            self._held[member] = held

    def _exit_code(self, member: Member) -> int | None:
        """The system's word for it; that of a process which somebody else is to reap is not known here."""
        popen = getattr(member.process, "_popen", None)
        if popen is None:
            return None
        with uncontrolled():
            code = popen.wait(_REAPED)
        return None if code is None else int(code)

    def judge(self) -> None:
        """Record what went wrong, at the end of the run."""
        for member in self._codes:
            if not member.is_seen:
                self._judge(member)

    def _judge(self, member: Member) -> None:
        errors = self._errors.get(member, [])
        for error in errors:
            self._hub.scheduler.record(error)
        code = self._codes[member]
        if code and not errors and not member.is_ended:
            summary = f"{member.name} {_said(code)}{self._held.get(member, '')}"
            self._hub.scheduler.record(TaskError(member.name, Outcome.CRASHED, summary))


def _said(code: int) -> str:
    if code > 0:
        return f"exited with code {code}"
    with contextlib.suppress(ValueError):
        return f"died with exit code {code} ({signal.Signals(-code).name})"
    return f"died with exit code {code}"


def _error(
    member: Member, summary: str, details: str, position: Any, packed: bytes | None
) -> TaskError:
    return TaskError(
        task=member.name,
        kind=Outcome.FAILED,
        summary=summary,
        details=details,
        exception=from_bytes(packed, details),
        position=None if position is None else tuple(position),
    )
