"""A correct program is never accused."""

from __future__ import annotations

import pytest
from kernels import CORRECT
from kernels.kernel import Kernel
from lean import LeanProcess

from pytest_racecheck import Verdict

QUICK, THOROUGH = 300, 10_000


@pytest.mark.parametrize("kernel", CORRECT, ids=str)
def test_no_twin_is_reported(kernel: Kernel, lean: LeanProcess, thorough: bool) -> None:
    """No schedule of a correct twin fails, and the search says that it found nothing."""
    schedules = THOROUGH if thorough else QUICK
    report = lean.explore(kernel.name, schedules=schedules, seconds=600, seed=3, keep_going=True)
    assert report.failures == 0, str(report)
    assert report.verdict in (Verdict.NOT_FOUND, Verdict.PROVED), str(report)
    assert report.not_covered == ()
