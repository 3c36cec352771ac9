"""What the contract promises and no engine does yet: asking for it is an error, never silently ignored.

The two tables shrink as engines come; when they are empty this module goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.settings import Settings

# A word, and the values of it that nothing can act on yet; none named: all.
_SETTINGS: dict[str, tuple[object, ...]] = {
    "mode": ("prove",),
    "strategy": ("dpor",),
    "races": (True,),
}
_OPTIONS = ("html", "json")


def refuse_pending(settings: Settings, source: Callable[[str], str]) -> None:
    """Raise UsageError if `settings` ask for something that does not exist yet; `source` spells a word."""
    __tracebackhide__ = True
    for word, values in _SETTINGS.items():
        value = getattr(settings, word)
        if value is not None and (value in values or not values):
            what = source(word) if value is True else f"{source(word)} = {value!r}"
            raise UsageError(f"not available yet: {what}")


def availability(word: str, values: Sequence[str] = ()) -> str:
    """For help on an option: its `values` that can be had, and what is not there yet; "" where all is."""
    missing = [value for value in values if value in _SETTINGS.get(word, ())]
    there = [value for value in values if value not in missing]
    if word in _OPTIONS or (word in _SETTINGS and not there):
        return f"{', '.join(values)} (not available yet)".lstrip()
    return (
        f"{', '.join(there)} ({', '.join(missing)}: not available yet)"
        if missing
        else ", ".join(there)
    )


def refuse_pending_options(values: Mapping[str, object], source: Callable[[str], str]) -> None:
    """Raise UsageError for options that are no settings and have nothing behind them yet."""
    for word in _OPTIONS:
        if values[word] is not None:
            raise UsageError(f"not available yet: {source(word)}; leave it out")
