"""The explore campaign over explicit targets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_racecheck.campaign.explore import ExploreCampaign
from pytest_racecheck.campaign.mode import jittered_instead
from pytest_racecheck.campaign.targets import TargetsCampaign, classify_target, files_of
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.model.token import Token
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.entrance import hosted
from pytest_racecheck.runtime.jitter.targets import TargetsProgram
from pytest_racecheck.runtime.jitter.thread_backend import ThreadBackend
from pytest_racecheck.runtime.threads.backend import ControlledThreads


def explore_targets(
    *,
    name: str,
    settings: Settings,
    root: Path,
    bodies: tuple[tuple[Callable[..., object], str], ...],
    setup: Callable[..., object] | None,
    check: Callable[..., object] | None,
    token: Token | None = None,
) -> CampaignResult:
    """Runs `bodies` as controlled tasks until a verdict, or the one run of `token`."""
    backend = ControlledThreads()
    program = TargetsProgram(name, backend, bodies, setup, check)
    campaign = ExploreCampaign(
        settings,
        name=name,
        root=root,
        backend=backend.name,
        files=tuple(files_of(setup, check, *(target for target, _ in bodies))),
        classify=classify_target,
        lonely=len(bodies) < 2,
    )
    with Interrupts() as interrupts, hosted():
        if token is not None:
            return campaign.replay(interrupts.checked(program), token)
        result = campaign.explore(interrupts.checked(program))
    if campaign.stuck_call is None:
        return result
    jittered = TargetsCampaign(
        name=name, settings=settings, root=root, backend=ThreadBackend(), bodies=bodies, setup=setup, check=check,
    ).run()  # fmt: skip
    return jittered_instead(jittered, campaign.stuck_call)
