"""A report calls the bug what it is, and what is fought over what the source calls it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import FINDABLE
from kernels.kernel import Kernel

from pytest_racecheck import RaceReport

KINDS = {
    "lost update", "check then act", "torn read", "stale read", "use after close", "deadlock",
    "lost wake-up", "order violation",
}  # fmt: skip
Found = Callable[[str], RaceReport]


@pytest.mark.parametrize("kernel", FINDABLE, ids=str)
def test_kind(kernel: Kernel, found: Found) -> None:
    """The kind is the kernel's, where only one word is right, and always one of the known words."""
    failure = found(kernel.name).failure
    assert failure is not None
    assert failure.kind in ({kernel.kind} if kernel.kind else KINDS)


@pytest.mark.parametrize("kernel", [k for k in FINDABLE if k.resource], ids=str)
def test_resource(kernel: Kernel, found: Found) -> None:
    """The resource has the name the source gives it."""
    failure = found(kernel.name).failure
    assert failure is not None
    assert failure.resource == kernel.resource


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
