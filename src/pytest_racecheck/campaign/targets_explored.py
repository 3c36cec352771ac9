"""The explore campaign over explicit targets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_racecheck.campaign.explore import ExploreCampaign
from pytest_racecheck.campaign.mode import jittered_instead
from pytest_racecheck.campaign.targets import (
    TargetsCampaign,
    classify_target,
    files_of,
    refuse_inside,
)
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.model.token import Token
from pytest_racecheck.runtime.backend import Around, Backend, as_it_is
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.entrance import hosted
from pytest_racecheck.runtime.jitter.targets import TargetsProgram
from pytest_racecheck.runtime.threads.backend import ControlledThreads
from pytest_racecheck.runtime.threads.controlled import Beside, Controlled
from pytest_racecheck.runtime.threads.identities import calling_task


def explore_targets(
    *,
    jittered: Backend,
    name: str,
    settings: Settings,
    root: Path,
    bodies: tuple[tuple[Callable[..., object], str], ...],
    setup: Callable[..., object] | None,
    check: Callable[..., object] | None,
    token: Token | None = None,
    around: Around | None = None,
) -> CampaignResult:
    """Runs `bodies` as controlled tasks until a verdict, or the one run of `token`.

    `jittered` is the backend that takes their place where they block out of control.
    """
    _check_where(name)
    backend, beside = _controlled(jittered.name, settings.start_method)
    program = (around or as_it_is)(TargetsProgram(name, backend, bodies, setup, check))
    campaign = ExploreCampaign(
        settings,
        name=name,
        root=root,
        backend=backend.name,
        files=tuple(files_of(setup, check, *(target for target, _ in bodies))),
        classify=classify_target,
        lonely=len(bodies) < 2,
        beside=beside,
    )
    with Interrupts() as interrupts, hosted(), backend.session():
        if token is not None:
            return campaign.replay(interrupts.checked(program), token)
        result = campaign.explore(interrupts.checked(program))
    if campaign.stuck_call is None:
        return result
    instead = TargetsCampaign(
        name=name, settings=settings, root=root, backend=jittered, bodies=bodies, setup=setup, check=check,
        around=around,
    ).run()  # fmt: skip
    return jittered_instead(instead, campaign.stuck_call, result.not_covered)


def _check_where(name: str) -> None:
    """Refuse a campaign in a target of another one; the main task of another process is one, too."""
    task = calling_task()
    if task is not None and (task.index or control.scheduler.superior is not None):
        refuse_inside(name, task.name)


def _controlled(
    name: str, start_method: str | None
) -> tuple[Backend, Callable[[Controlled], Beside] | None]:
    """The backend of that name under control, and what there is beside the threads of this process."""
    if name == "thread":
        return ControlledThreads(), None
    from pytest_racecheck.runtime.processes.backend import ControlledManagers, ControlledProcesses
    from pytest_racecheck.runtime.processes.world import ProcessWorld

    kind: Any = ControlledProcesses if name == "process" else ControlledManagers
    return kind(start_method), ProcessWorld.of
