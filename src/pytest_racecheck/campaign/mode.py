"""Which engine a campaign gets.

Explore is the default wherever it applies: on a build with a global lock. A free-threaded build is jittered, since its own races are what
one wants to see there, and since the library that switches tasks would turn the lock back on.
"""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import Settings

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult

DEFAULT = "explore"
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def mode_for(settings: Settings) -> str:
    """The mode of a campaign: the one asked for where it applies, else jitter."""
    if FREE_THREADED:
        return "jitter"
    return settings.mode or DEFAULT


def refuse_mode(mode: str) -> None:
    """Raise UsageError if a call asks for a mode that it cannot have."""
    __tracebackhide__ = True
    if mode != "jitter" and FREE_THREADED:
        raise UsageError(f"argument mode is {mode!r} for a free-threaded build; expected 'jitter'")


def refuse_replay(source: str) -> None:
    """Raise UsageError where no token can be replayed; `source` is what gave one."""
    if FREE_THREADED:
        raise UsageError(f"{source} is given on a free-threaded build; expected a build with a GIL")


def jittered_instead(
    result: CampaignResult, why: str, seen: tuple[str, ...] = ()
) -> CampaignResult:
    """The result of a jitter campaign that took the place of an explored one, saying so, and what else had been `seen` by then."""
    told = dict.fromkeys((f"jittered, not explored: {why}", *seen, *result.not_covered))
    return replace(result, not_covered=tuple(told))
