"""What a recorded run tells of values."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.trace import Action


class Counter:
    """Has its value for itself."""

    def __init__(self) -> None:
        self.value = 0


class Default:
    """Has it from its class, until somebody sets it."""

    value = 0


def increment(counter: Any) -> None:
    counter.value += 1


@pytest.mark.parametrize(("kind", "left"), [(Counter, ["1", "1"]), (Default, [None, None])])
def test_what_writes_leave(kind: Any, left: list[str | None]) -> None:
    """Each is seen before the next step, the last one when the check fails; nothing is told where another object holds it by then."""
    report = explore(
        [increment] * 2,
        setup=kind,
        check=lambda counter: counter.value == 2,
        schedules=50,
        backend="thread",
        seed=1,
    )
    assert report.failure is not None
    trace = report.failure.trace
    assert [step.value for step in trace if step.action is Action.READ][:2] == ["0", "0"]
    assert [step.value for step in trace if step.action is Action.WRITE] == left
