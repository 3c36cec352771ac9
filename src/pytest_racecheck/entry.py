"""The calls without pytest: `explore`, and what the fixtures make of it.

Layer: above report/, below plugin/ and hypothesis/. It is the one place that knows which campaign runs which mode.
"""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.pending import refuse_pending
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.settings import BACKENDS, Settings, layered

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult
    from pytest_racecheck.runtime.backend import Backend

Target = Callable[..., object]


def explore(
    target: Target | Sequence[Target],
    *,
    backend: str = "thread",
    workers: int = 2,
    setup: Callable[..., object] | None = None,
    check: Callable[..., object] | None = None,
    **words: Any,
) -> RaceReport:
    """Run `target` many times as concurrent tasks and report whether the order of events can break it.

    `target` is a callable, started `workers` times, or a sequence of callables, one task each. `setup(shared)` makes the
    state afresh before every run; `check(*state)` judges it afterwards. The other words are those of the fixtures and
    of the marker; the project's root is the working directory. Raises UsageError for words that make no sense, and
    SetupFailed when `setup` raises.
    """
    return run_targets(
        target,
        backend=backend,
        workers=workers,
        setup=setup,
        check=check,
        words=words,
        root=Path.cwd(),
    )


def run_targets(
    target: Target | Sequence[Target],
    *,
    backend: str,
    workers: int = 2,
    setup: Callable[..., object] | None = None,
    check: Callable[..., object] | None = None,
    words: Mapping[str, object],
    layers: Sequence[Settings] = (),
    root: Path,
    name: str | None = None,
) -> RaceReport:
    """`explore` with lower layers of settings below `words`, under a root and a name of the caller's."""
    from pytest_racecheck.campaign.targets import TargetsCampaign

    said = Settings.checked(words, _spelled)
    refuse_pending(said, _spelled)
    settings = layered(said, *layers)
    bodies = _bodies(target, workers)
    for what, function in (("setup", setup), ("check", check)):
        _check_callable(what, function)
    where = _backend(backend, settings.start_method)
    campaign = TargetsCampaign(
        name=name or _title(bodies), settings=settings, root=root, backend=where,
        bodies=bodies, setup=setup, check=check,
    )  # fmt: skip
    return report_of(campaign.run())


def report_of(result: CampaignResult) -> RaceReport:
    """The report on a finished campaign."""
    from pytest_racecheck.report.text import describe

    return RaceReport(result, describe)


def _spelled(word: str) -> str:
    return f"argument {word}"


def _bodies(target: Target | Sequence[Target], workers: object) -> tuple[tuple[Target, str], ...]:
    if callable(target):
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise UsageError(
                f"argument workers is {workers!r}; expected a whole number of at least 1"
            )
        targets: list[Any] = [target] * workers
    elif isinstance(target, Sequence) and not isinstance(target, str | bytes) and target:
        targets = list(target)
    else:
        raise UsageError(
            f"argument target is {target!r}; expected a callable or a sequence of callables"
        )
    for one in targets:
        if not callable(one):
            raise UsageError(f"argument target holds {one!r}; expected callables")
        if inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one):
            raise UsageError(
                f"argument target {_label(one)!r} is a coroutine function; expected a plain function"
            )
        if inspect.isgeneratorfunction(one):
            raise UsageError(
                f"argument target {_label(one)!r} is a generator function; expected a plain function"
            )
    return tuple((one, _label(one)) for one in targets)


def _check_callable(what: str, function: object) -> None:
    if function is not None and not callable(function):
        raise UsageError(f"argument {what} is {function!r}; expected a callable or None")
    if inspect.iscoroutinefunction(function):
        raise UsageError(f"argument {what} is a coroutine function; expected a plain function")


def _label(target: Any) -> str:
    name = getattr(target, "__name__", None) or getattr(
        getattr(target, "func", None), "__name__", type(target).__name__
    )
    return str(name).strip("<>_") or "task"


def _title(bodies: Sequence[tuple[Target, str]]) -> str:
    counts = Counter(label for _, label in bodies)
    return ", ".join(label if n == 1 else f"{n} × {label}" for label, n in counts.items())


def _backend(name: object, start_method: str | None) -> Backend:
    if name not in BACKENDS:
        raise UsageError(f"argument backend is {name!r}; expected one of {', '.join(BACKENDS)}")
    if name == "thread":
        from pytest_racecheck.runtime.jitter.thread_backend import ThreadBackend

        return ThreadBackend()
    _check_start_method(start_method)
    if name == "process":
        from pytest_racecheck.runtime.jitter.process_backend import ProcessBackend

        return ProcessBackend(start_method)
    from pytest_racecheck.runtime.jitter.manager_backend import ManagerBackend

    return ManagerBackend(start_method)


def _check_start_method(name: str | None) -> None:
    if name in ("fork", "forkserver") and not hasattr(os, "fork"):
        raise UsageError(
            f"argument start_method is {name!r}; expected one that this platform has: spawn"
        )
