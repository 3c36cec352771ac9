"""Every failure is shrunk to the fewest preemptions that reach its bug."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import FINDABLE
from kernels.kernel import Kernel

from pytest_racecheck import RaceReport


@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_shrunk_to_the_fewest_preemptions(
    kernel: Kernel, found: Callable[[str], RaceReport]
) -> None:
    """The reported schedule interrupts tasks no more often than the bug needs."""
    failure = found(kernel.name).failure
    assert failure is not None
    assert failure.preemptions == kernel.preemptions
    assert failure.switches is not None
    assert failure.switches >= failure.preemptions
