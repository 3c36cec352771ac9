"""The words that configure a campaign, and what each may be.

The same words are arguments of `explore` and of the fixtures, arguments of the marker, command line options and ini
options. A layer leaves a word at None to say nothing about it; `layered` lets the first layer that speaks win.
Every word is checked here, in one place, so that all four spell their complaints alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_racecheck.model.errors import UsageError

MODES = ("explore", "jitter", "prove")
STRATEGIES = ("portfolio", "random", "pct", "pos", "urw", "surw", "delay", "dpor")
TIMEOUTS = ("last", "any")
START_METHODS = ("fork", "spawn", "forkserver")
BACKENDS = ("thread", "process", "manager")
EXPECTATIONS = ("race", "race-free")

# Runs of a campaign, under jitter and under explore.
DEFAULT_SCHEDULES = 200
DEFAULT_EXPLORED = 1_000
DEFAULT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What one layer says about a campaign; None where it says nothing."""

    mode: str | None = None
    schedules: int | None = None
    seconds: float | None = None
    max_steps: int | None = None
    strategy: str | None = None
    keep_going: bool | None = None
    timeouts: str | None = None
    gc: bool | None = None
    races: bool | None = None
    scope: tuple[str, ...] | None = None
    start_method: str | None = None
    seed: int | None = None

    @classmethod
    def checked(
        cls, words: Mapping[str, object], source: Callable[[str], str], beside: Sequence[str] = ()
    ) -> Settings:
        """Settings made of `words`, each checked; `source` spells a word as the user wrote it, for the complaint.

        Raises UsageError, in one line, for a word that is not a setting or a value it cannot have. `beside` are words that
        could have been said in the same place and are no settings.
        """
        __tracebackhide__ = True
        values = {}
        for word, value in words.items():
            if word not in _CHECKS:
                known = [*beside, *_CHECKS]
                raise UsageError(
                    f"{source(word)} is not known{_meant(word, known)}; expected one of {', '.join(known)}"
                )
            values[word] = None if value is None else _CHECKS[word](value, source(word))
        return cls(**values)  # type: ignore[arg-type]

    def over(self, other: Settings) -> Settings:
        """These settings, with those of `other` wherever this layer says nothing."""
        spoken = {word: value for word, value in self.words().items() if value is not None}
        return Settings(**{**other.words(), **spoken})  # type: ignore[arg-type]

    def words(self) -> dict[str, object]:
        """Every word with its value, None included."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def layered(*layers: Settings) -> Settings:
    """One Settings out of several, the first layer that says something about a word deciding it."""
    result = Settings()
    for layer in reversed(layers):
        result = layer.over(result)
    return result


def _meant(word: str, known: Sequence[str]) -> str:
    """A word that `word` may be a misspelling of, in parentheses."""
    import difflib

    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _one_of(choices: tuple[str, ...]) -> Callable[[object, str], object]:
    def check(value: object, source: str) -> object:
        __tracebackhide__ = True
        if value not in choices:
            raise UsageError(f"{source} is {value!r}; expected one of {', '.join(choices)}")
        return value

    return check


def _count(value: object, source: str) -> object:
    __tracebackhide__ = True
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{source} is {value!r}; expected a whole number of at least 1")
    return value


def _seconds(value: object, source: str) -> object:
    __tracebackhide__ = True
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value < float("inf")
    ):
        raise UsageError(f"{source} is {value!r}; expected a number of seconds greater than 0")
    return float(value)


def _whole(value: object, source: str) -> object:
    __tracebackhide__ = True
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{source} is {value!r}; expected a whole number")
    return value


def _flag(value: object, source: str) -> object:
    __tracebackhide__ = True
    if not isinstance(value, bool):
        raise UsageError(f"{source} is {value!r}; expected True or False")
    return value


def _modules(value: object, source: str) -> object:
    __tracebackhide__ = True
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset):
        raise UsageError(f"{source} is {value!r}; expected module names")
    cleaned = []
    for name in names:
        if not isinstance(name, str) or not all(
            part.isidentifier() for part in name.strip().split(".")
        ):
            raise UsageError(
                f"{source} holds {name!r}; expected module names such as 'package.module'"
            )
        cleaned.append(name.strip())
    return tuple(cleaned)


_CHECKS: dict[str, Callable[[object, str], object]] = {
    "mode": _one_of(MODES),
    "schedules": _count,
    "seconds": _seconds,
    "max_steps": _count,
    "strategy": _one_of(STRATEGIES),
    "keep_going": _flag,
    "timeouts": _one_of(TIMEOUTS),
    "gc": _flag,
    "races": _flag,
    "scope": _modules,
    "start_method": _one_of(START_METHODS),
    "seed": _whole,
}
