"""A world for a process that begins with a fresh interpreter: everything is made anew, and exchanged for good, since it all ends with the process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_racecheck.instrument.install import Instrumentation
from pytest_racecheck.runtime.threads.points import Points
from pytest_racecheck.runtime.threads.replacements import all_replaced
from pytest_racecheck.runtime.threads.scheduler import Scheduler

if TYPE_CHECKING:
    from pytest_racecheck.runtime.processes.world import ProcessWorld, Recipe

# What is exchanged is kept from being put back.
_FOR_GOOD = contextlib.ExitStack()


def world_of(recipe: Recipe) -> ProcessWorld:
    """The world that `recipe` tells of."""
    from pytest_racecheck.runtime.processes.world import ProcessWorld, exchanged

    scope = recipe.scope
    scheduler = Scheduler(recipe.max_steps, scope.contains, any_timeouts=recipe.any_timeouts)
    points = Points(scheduler, scope.contains)
    instrumentation = Instrumentation(scope, points)
    scheduler.entering = instrumentation.reach
    _FOR_GOOD.enter_context(all_replaced(scheduler, exchanged()))
    world = ProcessWorld(scheduler, points, instrumentation, scope)
    world.keys = set(recipe.keys)
    instrumentation.install(recipe.keys)
    return world
