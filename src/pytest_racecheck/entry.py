"""The calls without pytest: `explore`, and what the fixtures make of it.

Layer: above report/, below plugin/ and hypothesis/. It is the one place that knows which campaign runs which mode.
"""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.errors import RacecheckError, SetupFailed, UsageError
from pytest_racecheck.model.pending import refuse_pending
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.settings import BACKENDS, Settings, layered
from pytest_racecheck.model.wording import label_of, plural

if TYPE_CHECKING:
    from pytest_racecheck.model.result import CampaignResult
    from pytest_racecheck.runtime.backend import Around, Backend

Target = Callable[..., object]

_WORKERS = 2


def explore(
    target: Target | Sequence[Target],
    *,
    backend: str = "thread",
    workers: int | None = None,
    setup: Callable[..., object] | None = None,
    check: Callable[..., object] | None = None,
    **words: Any,
) -> RaceReport:
    """Run `target` many times as concurrent tasks and report whether the order of events can break it.

    `target` is a callable, started `workers` times (2 if nothing is said), or a sequence of callables, one task each.
    `setup(shared)` makes the state afresh before every run; `check(*state)` judges it afterwards. The other words are those of the fixtures and
    of the marker; the project's root is the working directory. Raises UsageError for words that make no sense, and
    SetupFailed when `setup` raises.
    """
    __tracebackhide__ = True
    return run_targets(
        target,
        backend=backend,
        workers=workers,
        setup=setup,
        check=check,
        words=words,
        root=Path.cwd(),
        beside=("target", "backend", "workers", "setup", "check"),
    )


def replay(
    token: str,
    target: Target | Sequence[Target],
    *,
    backend: str = "thread",
    workers: int | None = None,
    setup: Callable[..., object] | None = None,
    check: Callable[..., object] | None = None,
    **words: Any,
) -> RaceReport:
    """Run `target` once, under the schedule that `token` holds; the report is on that one run.

    The other arguments are those of `explore`, and must be those that the token was found with. A run that goes another way than
    the token says makes the report inconclusive, with the first difference. Raises UsageError for a token that no report has printed.
    """
    __tracebackhide__ = True
    if not isinstance(token, str):
        raise UsageError(f"argument token is {token!r}; expected a token as a report prints it")
    return run_targets(
        target,
        backend=backend,
        workers=workers,
        setup=setup,
        check=check,
        words=words,
        root=Path.cwd(),
        beside=("token", "target", "backend", "workers", "setup", "check"),
        token=token,
    )


def run_targets(
    target: Target | Sequence[Target],
    *,
    backend: str,
    workers: int | None = None,
    setup: Callable[..., object] | None = None,
    check: Callable[..., object] | None = None,
    words: Mapping[str, object],
    beside: Sequence[str] = ("target", "workers", "setup", "check"),
    layers: Sequence[Settings] = (),
    root: Path,
    again: Callable[[int], str] | None = None,
    token: str | None = None,
    replayed: Callable[[str], str] | None = None,
    around: Around | None = None,
) -> RaceReport:
    """`explore` with lower layers of settings below `words`, under a root of the caller's.

    `beside` are the arguments that are no settings, and `again` says in reports how to ask for a seed. What `around` makes of the program
    is run instead.
    """
    __tracebackhide__ = True
    said = Settings.checked(words, _spelled, beside)
    refuse_pending(said, _spelled)
    settings = layered(said, *layers)
    if token is not None:
        settings = replace(settings, mode="explore")
    bodies = _bodies(target, workers)
    for what, function in (("setup", setup), ("check", check)):
        _check_callable(what, function)
    where = _backend(backend, settings.start_method)
    given: Any = {
        "name": _title(bodies), "settings": settings, "root": root, "bodies": bodies, "setup": setup, "check": check,
        "around": around,
    }  # fmt: skip
    try:
        asked = said.mode if token is None else settings.mode
        return report_of(_run(where, asked, token, given), root, again, replayed)
    except RacecheckError as error:
        raise _without_our_frames(error) from error.__cause__


def _run(
    backend: Backend, mode: str | None, token: str | None, given: Mapping[str, Any]
) -> CampaignResult:
    """The campaign under the engine that applies; `mode` is what the call itself asks for."""
    __tracebackhide__ = True
    from pytest_racecheck.campaign.mode import mode_for, refuse_mode

    if mode is not None:
        refuse_mode(mode)
    if mode_for(given["settings"]) == "explore":
        from pytest_racecheck.campaign.targets_explored import explore_targets
        from pytest_racecheck.model.token import Token

        parsed = None if token is None else Token.parse(token)
        return explore_targets(jittered=backend, **given, token=parsed)
    from pytest_racecheck.campaign.targets import TargetsCampaign

    return TargetsCampaign(backend=backend, **given).run()


def report_of(
    result: CampaignResult,
    root: Path | None = None,
    again: Callable[[int], str] | None = None,
    replayed: Callable[[str], str] | None = None,
) -> RaceReport:
    """The report on a finished campaign, with paths relative to `root`.

    `again` says how to ask for a seed, `replayed` for the run of a token.
    """
    from pytest_racecheck.report.text import describe, replay_call, seed_argument

    text = partial(
        describe, root=root, again=again or seed_argument, replay=replayed or replay_call
    )
    return RaceReport(result, text)


def _without_our_frames(error: RacecheckError) -> RacecheckError:
    """A complaint as it concerns the caller: where a campaign was when it found out does not.

    Of what the program raised its own frames stay. Why something cannot be pickled is in the message.
    """
    from pytest_racecheck.runtime.jitter.errors import without_ours

    if isinstance(error, SetupFailed) and error.__cause__ is not None:
        error.__cause__.__traceback__ = without_ours(error.__cause__.__traceback__)
    else:
        error.__cause__ = None
        error.__suppress_context__ = True
    return error.with_traceback(None)


def _spelled(word: str) -> str:
    return f"argument {word}"


def _bodies(target: Target | Sequence[Target], workers: object) -> tuple[tuple[Target, str], ...]:
    __tracebackhide__ = True
    if workers is not None and (
        isinstance(workers, bool) or not isinstance(workers, int) or workers < 1
    ):
        raise UsageError(f"argument workers is {workers!r}; expected a whole number of at least 1")
    if callable(target):
        targets: list[Any] = [target] * (workers or _WORKERS)
    elif isinstance(target, Sequence) and not isinstance(target, str | bytes) and target:
        targets = list(target)
        if workers not in (None, len(targets)):
            raise UsageError(
                f"argument workers is {workers} beside {plural(len(targets), 'target')}; expected no workers, since a"
                " sequence of targets is one task each"
            )
    else:
        raise UsageError(
            f"argument target is {target!r}; expected a callable or a sequence of callables"
        )
    for one in targets:
        _check_target(one)
    return tuple((one, _label(one)) for one in targets)


def _check_target(target: Any) -> None:
    __tracebackhide__ = True
    if not callable(target):
        raise UsageError(f"argument target holds {target!r}; expected callables")
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        raise UsageError(
            f"argument target {_label(target)!r} is a coroutine function; expected a plain function"
        )
    if inspect.isgeneratorfunction(target):
        raise UsageError(
            f"argument target {_label(target)!r} is a generator function; expected a plain function"
        )


def _check_callable(what: str, function: object) -> None:
    __tracebackhide__ = True
    if function is not None and not callable(function):
        raise UsageError(f"argument {what} is {function!r}; expected a callable or None")
    if inspect.iscoroutinefunction(function):
        raise UsageError(f"argument {what} is a coroutine function; expected a plain function")


def _label(target: Any) -> str:
    return label_of(target, type(target).__name__)


def _title(bodies: Sequence[tuple[Target, str]]) -> str:
    counts = Counter(label for _, label in bodies)
    return ", ".join(label if n == 1 else f"{n} × {label}" for label, n in counts.items())


def _backend(name: object, start_method: str | None) -> Backend:
    __tracebackhide__ = True
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
    __tracebackhide__ = True
    if name in ("fork", "forkserver") and not hasattr(os, "fork"):
        raise UsageError(
            f"argument start_method is {name!r}; expected one that this platform has: spawn"
        )
