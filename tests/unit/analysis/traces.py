"""Traces written by hand: what happened in a run, one short line a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_racecheck.model.explored import Explored
from pytest_racecheck.model.operation import Access, Kind, Site
from pytest_racecheck.model.outcome import Outcome, RunResult, TaskError
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.model.trace import Action, Beside, LibraryCall, Position, TraceStep, Waiting

FILE = "/elsewhere/project/app/counter.py"


class Traced:
    """Builds a trace; every method adds one step, and the names of things are numbered as they come.

    A task that does its step while another one has just done one preempts that, unless `waits` is said of it.
    """

    def __init__(self, file: str | Path = FILE) -> None:
        self.file = str(file)
        self.steps: list[TraceStep] = []
        self.waiting: list[Waiting] = []
        self._numbers: dict[str, int] = {}

    def add(
        self,
        task: str,
        action: Action,
        name: str | None = None,
        line: int = 7,
        value: object = None,
        *,
        columns: tuple[int, int, int] | None = None,
        kind: Kind = Kind.LOAD_ATTR,
        call: LibraryCall | None = None,
        preempts: str | None = None,
        switchable: bool | None = None,
        number: int | None = None,
        puts_into: str = "",
    ) -> Traced:
        """One step."""
        if number is None and name is not None:
            number = self._numbers.setdefault(name, len(self._numbers))
        writes = action not in (Action.READ, Action.RAISE)
        site = None
        if action is not Action.RAISE:
            site = Site(kind, name or "", self.file, line, "f", columns or (-1, -1, -1))
        self.steps.append(
            TraceStep(
                number=len(self.steps),
                task=task,
                action=action,
                access=Access.WRITE if writes else Access.READ,
                position=Position(self.file, line, "f"),
                site=site,
                resource=number,
                name=name,
                value=None if value is None else str(value),
                preempted=preempts,
                call=call,
                switchable=switchable,
                beside=self._beside(puts_into),
            )
        )
        return self

    def _beside(self, folder: str) -> tuple[Beside, ...]:
        number = self._numbers.setdefault(folder, len(self._numbers)) if folder else 0
        return (Beside(number, folder, writes=True, names=True),) if folder else ()

    def lists(self, task: str, folder: str, line: int = 7, **more: object) -> Traced:
        """It asks which files there are in a folder."""
        self.add(task, Action.CALL, folder, line, kind=Kind.CALL, **more)  # type: ignore[arg-type]
        last = self.steps[-1]
        assert last.site is not None
        site = replace(last.site, name="listdir")
        self.steps[-1] = replace(last, access=Access.READ, site=site)
        return self

    def read(
        self, task: str, name: str, value: object = 0, line: int = 7, **more: object
    ) -> Traced:
        """It reads a value."""
        return self.add(task, Action.READ, name, line, value, **more)  # type: ignore[arg-type]

    def write(
        self, task: str, name: str, value: object = 1, line: int = 7, **more: object
    ) -> Traced:
        """It writes one."""
        return self.add(task, Action.WRITE, name, line, value, kind=Kind.STORE_ATTR, **more)  # type: ignore[arg-type]

    def asks(
        self, task: str, name: str, value: object = 0, line: int = 7, **more: object
    ) -> Traced:
        """It asks whether something is there."""
        return self.add(task, Action.READ, name, line, value, kind=Kind.TEST, **more)  # type: ignore[arg-type]

    def acquire(self, task: str, name: str, line: int = 7, **more: object) -> Traced:
        """It takes a lock."""
        return self.add(task, Action.ACQUIRE, name, line, kind=Kind.ENTER, **more)  # type: ignore[arg-type]

    def release(self, task: str, name: str, line: int = 7, **more: object) -> Traced:
        """It gives a lock back."""
        return self.add(task, Action.RELEASE, name, line, kind=Kind.ENTER, **more)  # type: ignore[arg-type]

    def raises(self, task: str, error: str = "AssertionError", line: int = 9) -> Traced:
        """It ends with an exception."""
        return self.add(task, Action.RAISE, None, line, error)

    def calls(self, task: str, number: int, function: str, line: int = 7, **more: object) -> Traced:
        """It takes and gives back the lock inside of a queue, `jobs`, on which it calls a method."""
        call = LibraryCall(number, function, "Queue", 0, "jobs")
        self.add(task, Action.ACQUIRE, "Queue.mutex", line, call=call, kind=Kind.CALL, **more)  # type: ignore[arg-type]
        return self.add(task, Action.RELEASE, "Queue.mutex", line, call=call, kind=Kind.CALL)

    def waits(
        self, task: str, operation: str, resource: str | None, line: int = 7, **more: object
    ) -> Traced:
        """It cannot go on."""
        position = Position(self.file, line, "f")
        self.waiting.append(Waiting(task, operation, resource, position, **more))  # type: ignore[arg-type]
        return self

    def result(
        self, *errors: TaskError, outcome: Outcome = Outcome.FAILED, idle: tuple[str, ...] = ()
    ) -> RunResult:
        """The run."""
        tasks = dict.fromkeys(
            ["main", *(s.task for s in self.steps), *(w.task for w in self.waiting), *idle]
        )
        explored = Explored(
            Schedule(()), 1, len(self.steps), 1, 2, 0, tuple(self.steps), tuple(self.waiting)
        )
        return RunResult(3, outcome, errors, tasks=tuple(tasks), explored=explored)
