"""The report on a kernel: what it is called, what is fought over, the fewest preemptions, and a token that leads back."""

from __future__ import annotations

import pytest
from kernels import FINDABLE
from kernels.kernel import Kernel
from lean import LeanProcess
from replaying import Found, known

KINDS = {
    "lost update", "check then act", "torn read", "stale read", "use after close", "deadlock",
    "lost wake-up", "order violation",
}  # fmt: skip


@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_report(kernel: Kernel, found: Found, lean: LeanProcess) -> None:
    """Kind and resource are called what the source calls them, the schedule interrupts no more often than needed, the token replays."""
    report = found(kernel.name)
    failure = report.failure
    assert failure is not None
    # Where more than one word is right, any of the known words.
    assert failure.kind in ({kernel.kind} if kernel.kind else KINDS)
    assert failure.resource == kernel.resource or not kernel.resource
    assert failure.preemptions == kernel.preemptions
    assert failure.switches is not None
    assert failure.switches >= failure.preemptions
    replayed = lean.replay(kernel.name, failure.token)
    assert replayed.runs == 1
    assert known(replayed) == known(report)


def test_a_deadlock_names_locks_holders_and_lines(found: Found) -> None:
    """The report on a deadlock says which locks, by their names, who holds them, and where."""
    text = str(found("deadlock01"))
    for part in ("deadlock", "left", "right", "forward", "backward", "deadlock01.py:"):
        assert part in text, text


def test_a_global_is_called_by_its_name(found: Found) -> None:
    """The report on a global number names the number."""
    assert "lost update on num" in str(found("module_global"))


def test_an_exception_in_a_worker_comes_with_its_schedule(found: Found) -> None:
    """A KeyError is kept as the exception it is, and the report shows who took the key away."""
    report = found("dict_key_error")
    assert report.failure is not None
    assert isinstance(report.failure.exception, KeyError)
    assert report.failure.schedule
    text = str(report)
    assert "KeyError" in text
    assert text.count("emptiness.py:") >= 2, text
