"""What the quality tests share: a process for the kernels, and each kernel's failure, searched for once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lean import LeanProcess
from replaying import Found

from pytest_racecheck import RaceReport

SEED = 20261


# For a module only: a child that is there anyway makes a difference to tests of what waits for other processes.
@pytest.fixture(scope="module")
def lean() -> Iterator[LeanProcess]:
    """A process in which kernels are explored."""
    process = LeanProcess()
    yield process
    process.close()


@pytest.fixture(scope="module")
def found(lean: LeanProcess) -> Found:
    """The report on a racy kernel, by name: found within 2,000 schedules, with a fixed seed, so never missed by chance."""
    reports: dict[str, RaceReport] = {}

    def report(name: str) -> RaceReport:
        if name not in reports:
            reports[name] = lean.explore(name, schedules=2_000, seconds=120, seed=SEED)
            reports[name].assert_racy()
        return reports[name]

    return report
