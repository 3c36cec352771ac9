"""Which engine a campaign gets.

Explore is the default wherever it applies: for threads, on a build with a global lock. A free-threaded build is jittered, since its
own races are what one wants to see there, and since the library that switches tasks would turn the lock back on.
"""

from __future__ import annotations

import sysconfig
from dataclasses import replace

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings

DEFAULT = "explore"
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def mode_for(settings: Settings, backend: str) -> str:
    """The mode for that backend: the one asked for where it applies, else jitter."""
    if not _applies(backend):
        return "jitter"
    return settings.mode or DEFAULT


def refuse_mode(mode: str, backend: str) -> None:
    """Raise UsageError if a call asks for a mode that its own backend cannot have."""
    __tracebackhide__ = True
    if mode != "jitter" and not _applies(backend):
        why = f"backend {backend!r}" if backend != "thread" else "a free-threaded build"
        raise UsageError(f"argument mode is {mode!r} for {why}; expected 'jitter'")


def _applies(backend: str) -> bool:
    return backend == "thread" and not FREE_THREADED


def jittered_instead(result: CampaignResult, why: str) -> CampaignResult:
    """The result of a jitter campaign that took the place of an explored one, saying so."""
    return replace(result, not_covered=(f"jittered, not explored: {why}", *result.not_covered))
