"""A campaign over explicit targets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from pytest_racecheck.campaign.jitter import JitterCampaign
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.errors import RacecheckError, UsageError
from pytest_racecheck.model.outcome import Judgement
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime.backend import Around, Backend, as_it_is
from pytest_racecheck.runtime.context import Unobserved, current
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.entrance import hosted
from pytest_racecheck.runtime.jitter.targets import TargetsProgram
from pytest_racecheck.runtime.snapshot import Snapshot, left_as_found


class TargetsCampaign:
    """Runs `bodies` as tasks of `backend` until a verdict, whatever the mode."""

    def __init__(
        self,
        *,
        name: str,
        settings: Settings,
        root: Path,
        backend: Backend,
        bodies: tuple[tuple[Callable[..., object], str], ...],
        setup: Callable[..., object] | None,
        check: Callable[..., object] | None,
        around: Around | None = None,
    ) -> None:
        self._backend = backend
        self._program = TargetsProgram(name, backend, bodies, setup, check)
        self._around = around or as_it_is
        self._settings = settings
        self._root = root
        self._files = tuple(files_of(setup, check, *(target for target, _ in bodies)))
        self._start = Snapshot(Scope(root, settings.scope or (), self._files).modules())

    def run(self) -> CampaignResult:
        """All runs. Inside a run of somebody else's campaign this one takes its place."""
        if current.task is not None and current.task.name != "main":
            refuse_inside(self._program.name, current.task.name)
        with (
            left_as_found(self._start),
            Interrupts() as interrupts,
            closing(self._begin()) as campaign,
            hosted(),
            Unobserved(),
            self._backend.session(),
        ):
            return campaign.whole(interrupts.checked(self._around(self._program)))

    def _begin(self) -> JitterCampaign:
        return JitterCampaign(
            self._settings,
            name=self._program.name,
            root=self._root,
            backend=self._backend.name,
            files=self._files,
            classify=classify_target,
            start=self._start,
            lonely=len(self._program.bodies) < 2,
        )


def refuse_inside(name: str, task: str) -> NoReturn:
    """A run cannot have another campaign's schedules inside one of its tasks; raises UsageError."""
    raise UsageError(
        f"a campaign over {name} was started inside task {task}; expected a campaign"
        " outside of the targets of another one"
    )


def classify_target(error: BaseException) -> Judgement:
    """What targets and `check` raise is a failure, `pytest.fail` included; the tool's own errors, bad input among them, and what stops a program end the campaign."""
    if isinstance(error, RacecheckError | KeyboardInterrupt | SystemExit) or _is_outcome(error):
        return "abort"
    return "failure"


def _is_outcome(error: BaseException) -> bool:
    """Whether it is one of pytest's exceptions, which say what is to become of the test, and no failure."""
    kind = type(error)
    return kind.__module__ == "_pytest.outcomes" and kind.__name__ != "Failed"


def files_of(*functions: object) -> list[str]:
    """The source files of the functions given: what a caller hands over is in scope wherever it lives."""
    found: dict[str, None] = {}
    for function in functions:
        inner = getattr(function, "func", function)
        code = getattr(getattr(inner, "__func__", inner), "__code__", None)
        if code is not None:
            found[code.co_filename] = None
    return list(found)
