"""The kernels are what they are said to be, as a judge finds that knows nothing of the engine."""

from __future__ import annotations

import pytest
from brute_force import interleavings
from kernels import BY_NAME

# Interleavings and failing ones, as published, where the model of a step is the same.
COUNTS = {
    "lost_update_2x1": (6, 4),
    "lost_update_2x2": (70, 64),
    "deadlock01": (6, 2),
    "twostage_1_1": (37, 1),
    "dining_2": (6, 2),
    "account": (6, 2),
    "uneven_5": (6, 1),
}
TINY = [
    *COUNTS,
    "lazy01",
    "lost_update_3x1",
    "dining_3",
    "reorder_2_1",
    "missed_signal",
    "singleton",
]
TINY_TWINS = [
    "locked_counter_3x1",
    "account_right",
    "lazy01_right",
    "deadlock01_ordered",
    "dining_ordered_3",
    "reorder_locked_2_1",
    "twostage_together_1_1",
    "signal_checked",
    "waiter_first",
    "singleton_checked_twice",
    "uneven_waiting_5",
    "use_while_open",
]


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_the_published_ones(name: str) -> None:
    """A kernel has as many interleavings, and as many failing ones, as the literature's model of it."""
    runs = list(interleavings(BY_NAME[name]))
    assert (len(runs), sum(run.failed for run in runs)) == COUNTS[name]


@pytest.mark.parametrize("name", TINY)
def test_fewest_preemptions(name: str) -> None:
    """The bug is there, and takes just as many preemptions as the kernel says."""
    kernel = BY_NAME[name]
    failing = [run.preemptions for run in interleavings(kernel) if run.failed]
    assert min(failing) == kernel.preemptions


@pytest.mark.parametrize("name", TINY)
def test_the_default_schedule_passes(name: str) -> None:
    """What fails already where nobody is interrupted and the lowest goes first would be no race."""
    assert not next(interleavings(BY_NAME[name])).failed


@pytest.mark.parametrize("name", TINY_TWINS)
def test_twins_never_fail(name: str) -> None:
    """No interleaving of a twin fails."""
    assert not any(run.failed for run in interleavings(BY_NAME[name]))
