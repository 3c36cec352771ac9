"""What the quality tests share: each kernel's failure, searched for once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import BY_NAME

from pytest_racecheck import RaceReport

HERE = Path(__file__).parent
SEED = 20261


@pytest.fixture(autouse=True)
def _project_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels are the project under test, wherever pytest was started."""
    monkeypatch.chdir(HERE)


@pytest.fixture(scope="session")
def found() -> Callable[[str], RaceReport]:
    """The report on a racy kernel, by name: found within 2,000 schedules, with a fixed seed, so never missed by chance."""
    reports: dict[str, RaceReport] = {}

    def report(name: str) -> RaceReport:
        if name not in reports:
            reports[name] = BY_NAME[name].explore(schedules=2_000, seconds=120, seed=SEED)
            reports[name].assert_racy()
        return reports[name]

    return report
