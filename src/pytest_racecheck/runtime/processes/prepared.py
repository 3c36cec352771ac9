"""What is made ready once for all processes that are forked from the same fresh interpreter; importing this module does it.

Everything is exchanged for good: such an interpreter runs nothing but what is controlled.
"""

from __future__ import annotations

import contextlib

from pytest_racecheck.instrument import cache, install, rewrite
from pytest_racecheck.runtime.processes.world import exchanged
from pytest_racecheck.runtime.threads.replacements import all_replaced
from pytest_racecheck.runtime.threads.scheduler import Scheduler

# Rewriting is needed by every process.
_LOADED = (cache, install, rewrite)
#: The scheduler that knows of all that was exchanged; a process gives it what is its own.
SCHEDULER = Scheduler(1, lambda _file: False)
_FOR_GOOD = contextlib.ExitStack()
_FOR_GOOD.enter_context(all_replaced(SCHEDULER, exchanged()))
