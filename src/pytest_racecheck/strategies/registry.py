"""Strategies by the names that users know them by."""

from __future__ import annotations

from collections.abc import Callable

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.strategies.delay import Delay
from pytest_racecheck.strategies.pct import PCT
from pytest_racecheck.strategies.portfolio import Portfolio
from pytest_racecheck.strategies.pos import POS
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.random_walk import RandomWalk
from pytest_racecheck.strategies.surw import SURW
from pytest_racecheck.strategies.urw import URW

_STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "portfolio": Portfolio,
    "random": RandomWalk,
    "pct": PCT,
    "pos": POS,
    "urw": URW,
    "surw": SURW,
    "delay": Delay,
}


def make(name: str) -> Strategy:
    """A new strategy, for one campaign."""
    made = _STRATEGIES.get(name)
    if made is None:
        raise UsageError(f"strategy is {name!r}; expected one of {', '.join(_STRATEGIES)}")
    return made()
