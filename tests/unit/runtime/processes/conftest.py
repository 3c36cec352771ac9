"""Programs of several processes, explored: targets by the public call, and bodies as they stand."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_racecheck import RaceReport, explore
from pytest_racecheck.campaign import explanation, fewer_preemptions
from pytest_racecheck.campaign.explore import ExploreCampaign
from pytest_racecheck.campaign.targets import classify_target
from pytest_racecheck.entry import report_of
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.entrance import hosted
from pytest_racecheck.runtime.processes.world import ProcessWorld

ROOT = Path(__file__).parent

Explore = Callable[..., RaceReport]


@pytest.fixture(autouse=True)
def _project_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are the project under test, wherever pytest was started."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No child outlives its test, and what the test leaves to the collector does not make the next one's forks dearer."""
    before = set(_children())
    yield
    assert set(_children()) <= before
    gc.collect()


def _children() -> list[str]:
    """The children of this process that are no helpers of multiprocessing's."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    found = path.read_text().split() if path.exists() else []
    return [pid for pid in found if not _is_helper(pid)]


def _is_helper(pid: str) -> bool:
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


@pytest.fixture(autouse=True)
def _short_explanations(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure is hardly shrunk, since that takes the more time the more there is to find; but for tests marked by `shrinking`."""
    if "shrinking" not in request.fixturenames:
        for name in ("MOST_HEAD_STARTS", "HEAD_STARTS_EACH", "SHRINK_RUNS"):
            monkeypatch.setattr(explanation, name, 3)
        for name in ("MOST_ORDERS", "FEWER_RUNS"):
            monkeypatch.setattr(fewer_preemptions, name, 3)


@pytest.fixture
def shrinking() -> None:
    """A failure is shrunk as far as it goes."""


@pytest.fixture
def race() -> Explore:
    """`explore` for processes that are forked, with the same seed and as much time as it takes."""
    return partial(explore, backend="process", start_method="fork", seed=1, seconds=60)


@pytest.fixture
def manager_race(race: Explore) -> Explore:
    """The same for what a manager serves."""
    return partial(race, backend="manager")


@pytest.fixture
def body() -> Explore:
    """Explore a function that starts its processes itself, as the body of a test does."""

    def explore_body(program: Callable[[], Any], *, schedules: int, seed: int = 1) -> RaceReport:
        campaign = ExploreCampaign(
            Settings(schedules=schedules, seconds=60, seed=seed, start_method="fork"),
            name=program.__name__,
            root=ROOT,
            backend=None,
            files=(program.__code__.co_filename,),
            classify=classify_target,
            beside=ProcessWorld.of,
        )
        with Interrupts() as interrupts, hosted():
            result = campaign.explore(interrupts.checked(lambda _run: program()))
        return report_of(result, ROOT, str, str)

    return explore_body
