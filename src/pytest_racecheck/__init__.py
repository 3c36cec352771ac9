"""pytest-racecheck: can the order of events break this piece of concurrent Python?

How the package is layered. Arrows point down only, and a test holds the imports to it:

    plugin, hypothesis      pytest's side and hypothesis's side; nobody else imports those two
    entry                   the same calls without either
    report                  data in, text out
    campaign                many runs, a verdict
    analysis                what a trace means
    runtime                 one run; its parts for processes and for jitter alone import multiprocessing
    instrument              which code, which instructions
    strategies              who goes next
    model                   plain data

This module stands outside that order: it names what users import, and loads each name when it is first asked for. pytest
imports it in every session with the plugin installed, so it must cost nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_racecheck.entry import explore as explore
    from pytest_racecheck.entry import replay as replay
    from pytest_racecheck.model.errors import CheckFailed as CheckFailed
    from pytest_racecheck.model.errors import Inconclusive as Inconclusive
    from pytest_racecheck.model.errors import RaceFound as RaceFound
    from pytest_racecheck.model.errors import RaceNotFound as RaceNotFound
    from pytest_racecheck.model.errors import SetupFailed as SetupFailed
    from pytest_racecheck.model.errors import UsageError as UsageError
    from pytest_racecheck.model.report import RaceReport as RaceReport
    from pytest_racecheck.model.verdict import Verdict as Verdict

_HOMES = {
    "CheckFailed": "model.errors",
    "Inconclusive": "model.errors",
    "RaceFound": "model.errors",
    "RaceNotFound": "model.errors",
    "RaceReport": "model.report",
    "SetupFailed": "model.errors",
    "UsageError": "model.errors",
    "Verdict": "model.verdict",
    "explore": "entry",
    "replay": "entry",
}

__all__ = [
    "CheckFailed",
    "Inconclusive",
    "RaceFound",
    "RaceNotFound",
    "RaceReport",
    "SetupFailed",
    "UsageError",
    "Verdict",
    "explore",
    "replay",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module, once."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
