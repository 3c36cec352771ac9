"""Single runs, without a campaign around them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.context import TaskHooks
from pytest_racecheck.runtime.jitter.delays import RunDelays
from pytest_racecheck.runtime.jitter.plan import RunPlan
from pytest_racecheck.runtime.jitter.world import World

Program = Callable[[], object]


class Runs:
    """Makes worlds whose scope is the folder of these tests."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.scope = Scope(Path(__file__).parent)
        self._instrumentation: Instrumentation | None = None

    def plan(self, run: int = 1, **words: Any) -> RunPlan:
        """The plan of a run, calm unless it has a number from 2 on."""
        weights = words.pop("weights", {})
        delays = RunDelays.draw(7, run, 2e-3, weights)
        settings = {"deadline": 5.0, "scope": self.scope, "directory": self.directory, **words}
        return RunPlan(delays, **settings)

    def world(self, **words: Any) -> World:
        """A world for one run, with a recorder if it is a first one."""
        plan = self.plan(**words)
        world = World(plan, Recorder(self.scope) if plan.keys is None else None)
        if self._instrumentation is not None:
            world.original = self._instrumentation.original
        return world

    def observe(self, program: Program, **words: Any) -> World:
        """The world after a run of `program`, which starts its processes itself."""
        world = self.world(**words)
        with world:
            program()
        return world

    @contextlib.contextmanager
    def instrumented(self, keys: Any) -> Iterator[None]:
        """What campaigns have around all runs but the first."""
        instrumentation = Instrumentation(self.scope, TaskHooks())
        instrumentation.install(keys)
        self._instrumentation = instrumentation
        try:
            yield
        finally:
            self._instrumentation = None
            instrumentation.restore()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """A maker of single runs; no process may be left when the test ends, not even one to be reaped."""
    directory = tmp_path / "accounts"
    directory.mkdir()
    return Runs(str(directory))


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No child is left behind, alive or dead, but the helpers that multiprocessing itself keeps."""
    before = children()
    yield
    assert children() <= before


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Tells whether a process ends within a few seconds, or only waits to be reaped by somebody else."""

    def ends(pid: int) -> bool:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            except (FileNotFoundError, ProcessLookupError):
                return True
            if state.rpartition(")")[2].split()[0] in "ZX":
                return True
            os.sched_yield()
        return False

    return ends


def children() -> set[int]:
    """The pids of this process's children, zombies included, without multiprocessing's own helpers."""
    from multiprocessing import forkserver, resource_tracker

    helpers = {
        getattr(resource_tracker._resource_tracker, "_pid", None),  # type: ignore[attr-defined]
        getattr(forkserver._forkserver, "_forkserver_pid", None),  # type: ignore[attr-defined]
    }
    found: set[int] = set()
    for thread in os.listdir("/proc/self/task"):
        # A thread may end while it is looked at.
        with contextlib.suppress(FileNotFoundError):
            text = Path(f"/proc/self/task/{thread}/children").read_text(encoding="ascii")
            found.update(map(int, text.split()))
    return found - helpers
