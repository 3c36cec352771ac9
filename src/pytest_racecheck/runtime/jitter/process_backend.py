"""Explicit targets on real processes."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.jitter.launch import Launch
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.processes.server import Server
from pytest_racecheck.runtime.processes.shared import ProcessShared

_IMPORTED_BY_CHILDREN = [
    "pytest_racecheck.runtime.jitter.child",
    "pytest_racecheck.instrument.install",
    "pytest_racecheck.instrument.rewrite",
    "cloudpickle",
    "multiprocessing.managers",
    "multiprocessing.sharedctypes",
    "multiprocessing.queues",
]


class ProcessBackend:
    """Each body is a process of the start method given, or of the interpreter's own."""

    name = "process"

    def __init__(self, start_method: str | None = None) -> None:
        self._context: Any = multiprocessing.get_context(start_method)
        self._server = Server(self._context)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Keep the server of what processes share only by proxy, if any is ever needed."""
        prepare_forkserver(self._context)
        if self._context.get_start_method() != "fork":
            # Ctrl-C while it starts must not find a semaphore that it does not know of yet.
            resource_tracker.ensure_running()
        try:
            yield
        finally:
            self._server.stop()

    def shared(self) -> ProcessShared:
        """Objects of multiprocessing, and proxies of dicts and lists."""
        return ProcessShared(self._context, self._server)

    def launch(self, world: World, bodies: Sequence[Body]) -> None:
        """Start all bodies, release them together, and wait for them; see `Backend.launch`."""
        launch = Launch(world, self._context, bodies)
        try:
            launch.run()
        except BaseException:
            self.discard()
            raise
        if launch.aborted:
            self.discard()

    def discard(self) -> None:
        """The next run gets a new server: a task that was killed may have left a lock taken in this one."""
        self._server.retire()


def prepare_forkserver(context: Any) -> None:
    """Let a fork server that has not started yet import once what every child of ours would import."""
    if context.get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver
    if server._forkserver_pid is None:
        wanted = dict.fromkeys([*server._preload_modules, *_IMPORTED_BY_CHILDREN])
        server.set_forkserver_preload(list(wanted))
