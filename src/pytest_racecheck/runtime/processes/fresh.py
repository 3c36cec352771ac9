"""A world for a process that begins with a fresh interpreter: everything is made anew, and exchanged for good, since it all ends with the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.runtime.processes.prepared import SCHEDULER
from pytest_racecheck.runtime.processes.world import ProcessWorld
from pytest_racecheck.runtime.threads.points import Points

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.world import Recipe


def world_of(recipe: Recipe) -> ProcessWorld:
    """The world that `recipe` tells of."""
    scope, scheduler = recipe.scope, SCHEDULER
    scheduler.max_steps = recipe.max_steps
    scheduler.in_scope = scope.contains
    scheduler.any_timeouts = recipe.any_timeouts
    points = Points(scheduler, scope.contains)
    instrumentation = Instrumentation(scope, points)
    scheduler.entering = instrumentation.reach
    world = ProcessWorld(scheduler, points, instrumentation, scope)
    world.keys = set(recipe.keys)
    # What the program calls in this process is not here yet: it comes with the rest of the `Process` object.
    instrumentation.install(())
    world.awaited = recipe.keys
    if recipe.recording:
        # Until the process ends.
        Recorder(scope).__enter__()
    return world
