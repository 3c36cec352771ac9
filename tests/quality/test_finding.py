"""The portfolio finds every kernel within 2,000 schedules, whatever the seed."""

from __future__ import annotations

import pytest
from kernels import FINDABLE
from kernels.kernel import Kernel
from lean import LeanProcess

SEEDS = range(20)
SCHEDULES = 2_000
# A kernel that the first few seeds find at once need not be searched for with all.
FEW = 5
AT_ONCE = 50


@pytest.mark.thorough
@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_found_with_nearly_every_seed(kernel: Kernel, lean: LeanProcess) -> None:
    """At least 19 of 20 seeds lead to the bug. Where it is not to take long, `test_reports.py` has one seed for each kernel.

    The seeds are fixed, so this test cannot fail by chance. The short cut is safe: a kernel so rare (1 in 600) that two of 20 seeds
    are likely to miss it would be found at once by five in a row with probability 4e-6. The benchmark takes no short cut.
    """
    missed = []
    first = []
    for seed in SEEDS:
        failure = lean.explore(kernel.name, schedules=SCHEDULES, seconds=60, seed=seed).failure
        if failure is None:
            missed.append(seed)
        else:
            first.append(failure.run)
        if seed == FEW - 1 and not missed and max(first) <= AT_ONCE:
            return
    assert len(missed) <= 1, f"missed with seeds {missed}"
