"""What the contract promises and no engine does yet: asking for it is an error, never silently ignored.

The two tables shrink as engines come; when they are empty this module goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import STRATEGIES, Settings

# A word, and the values of it that nothing can act on yet; none named: all.
_SETTINGS: dict[str, tuple[object, ...]] = {
    "mode": ("explore", "prove"),
    "strategy": STRATEGIES,
    "timeouts": ("any",),
    "races": (True,),
    "gc": (True,),
    "max_steps": (),
}
_OPTIONS = ("replay", "html", "json")


def refuse_pending(settings: Settings, source: Callable[[str], str]) -> None:
    """Raise UsageError if `settings` ask for something that does not exist yet; `source` spells a word."""
    for word, values in _SETTINGS.items():
        value = getattr(settings, word)
        if value is not None and (value in values or not values):
            what = source(word) if value is True else f"{source(word)} = {value!r}"
            raise UsageError(f"not available yet: {what}; jitter is the only engine so far")


def refuse_pending_options(values: Mapping[str, object], source: Callable[[str], str]) -> None:
    """Raise UsageError for options that are no settings and have nothing behind them yet."""
    for word in _OPTIONS:
        if values[word] is not None:
            raise UsageError(f"not available yet: {source(word)}; leave it out")
