"""Explicit targets as controlled processes, which share multiprocessing's own objects or a manager's."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.managers import SyncManager
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.backend import Body, Shared
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.jitter.launch import quiet_start
from pytest_racecheck.runtime.jitter.payload import Payload
from pytest_racecheck.runtime.jitter.process_backend import prepare_forkserver
from pytest_racecheck.runtime.jitter.travel import Traveller
from pytest_racecheck.runtime.processes.shared import ManagerShared, ProcessShared

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.run import Run


class ControlledProcesses:
    """Each body is a process of the start method given, or of the interpreter's own; satisfies `runtime.backend.Backend`."""

    name = "process"

    def __init__(self, start_method: str | None = None) -> None:
        self._context: Any = multiprocessing.get_context(start_method)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """What outlives a run is the start method's own."""
        prepare_forkserver(self._context)
        yield

    def shared(self) -> Shared:
        """Objects of multiprocessing, and proxies of dicts and lists."""
        return ProcessShared(self._context, _Managers(self._context))

    def launch(self, world: Run, bodies: Sequence[Body]) -> None:
        """Start all bodies as processes that are released together, and wait until each has ended."""
        scheduler = control.scheduler
        part = scheduler.processes.world
        traveller = Traveller(part.scope.contains, part.instrumentation.original)
        targets = [Payload(body, traveller) for body in bodies]
        processes = [self._context.Process(target=target) for target in targets]
        with quiet_start(self._context):
            for process in processes:
                process.start()
        hub = scheduler.processes.hub
        members = [hub.of(process) for process in processes]
        world.wait_for([member.main_task for member in members], scheduler.tasks[0])
        for process, member in zip(processes, members, strict=True):
            hub.departures.let_go(process, member)

    def discard(self) -> None:
        """There is nothing to throw away."""


class ControlledManagers(ControlledProcesses):
    """Each body is a process; what they share are proxies of a manager's objects."""

    name = "manager"

    def shared(self) -> Shared:
        """Proxies of a multiprocessing.Manager's objects."""
        return ManagerShared(_Managers(self._context).running())


class _Managers:
    """The manager of one run, started when it is needed. That costs nothing: see `managers.py`."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._manager: SyncManager | None = None

    def running(self) -> SyncManager:
        """The manager."""
        if self._manager is None:
            self._manager = SyncManager(ctx=self._context)
            self._manager.start()
        return self._manager
