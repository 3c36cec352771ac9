"""Explicit targets on real threads."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.errors import error_of, hang_of
from pytest_racecheck.runtime.jitter.rescue import rescue
from pytest_racecheck.runtime.jitter.task import JitterTask, RunAborted
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.threads.shared import ThreadShared


class ThreadBackend:
    """Each body is a daemon thread; a barrier releases them together."""

    name = "thread"

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Threads need nothing that outlives a run."""
        yield

    def shared(self) -> ThreadShared:
        """Plain objects, and threading's."""
        return ThreadShared()

    def discard(self) -> None:
        """There is nothing to throw away."""

    def launch(self, world: World, bodies: Sequence[Body]) -> None:
        """Start all bodies, release them together, and wait for them; see `Backend.launch`."""
        serial = world.plan.serial is not None
        gate = None if serial else threading.Barrier(len(bodies))
        workers = [_Worker(world, body, gate) for body in bodies]
        try:
            for worker in workers:
                worker.start()
            _wait(world, workers)
        except BaseException:
            rescue(_stuck(workers))
            raise
        finally:
            if gate is not None:
                gate.abort()


class _Worker(threading.Thread):
    """One body on its thread; keeps its task, so that it can be aborted."""

    def __init__(self, world: World, body: Body, gate: threading.Barrier | None) -> None:
        super().__init__(target=body.target, daemon=True)
        self._world = world
        self._body = body
        self._gate = gate
        self.task: JitterTask | None = None

    def run(self) -> None:
        """Wait at the gate, then run the body; what it raises fails the run."""
        task = current.task
        assert isinstance(task, JitterTask)
        self.task = task
        self.name = task.name
        if not self._released():
            return
        try:
            self._body.target(*self._body.args)
        except (RunAborted, SystemExit):
            return
        except BaseException as error:
            self._world.record(error_of(task.name, error))

    def _released(self) -> bool:
        if self._gate is None:
            return True
        try:
            self._gate.wait()
        except threading.BrokenBarrierError:
            return False
        return True


def _wait(world: World, workers: list[_Worker]) -> None:
    end = time.monotonic() + world.plan.deadline
    for worker in workers:
        worker.join(max(0.0, end - time.monotonic()))
    stuck = _stuck(workers)
    if not stuck:
        return
    world.stop_recording()
    frames = sys._current_frames()
    for thread, task in stuck:
        frame = frames.get(thread.ident or 0)
        world.record(hang_of(task.name, world.plan.deadline, frame, world.plan.scope.contains))
    rescue(stuck)


def _stuck(workers: list[_Worker]) -> list[tuple[threading.Thread, JitterTask]]:
    return [(worker, worker.task) for worker in workers if worker.task and worker.is_alive()]
