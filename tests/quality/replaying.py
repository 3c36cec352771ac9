"""Replays of kernels' failures, and what must be equal in them; used in fresh processes, too, so no pytest here."""

from __future__ import annotations

from collections.abc import Callable

from kernels import BY_NAME

from pytest_racecheck import RaceReport, replay

#: The report on a racy kernel, by name.
Found = Callable[[str], RaceReport]


def known(report: RaceReport) -> tuple[object, ...]:
    """What must be equal for equal failures; of the exception its first line, since more may show where objects lie."""
    failure = report.failure
    assert failure is not None, str(report)
    message = str(failure.exception).partition("\n")[0]
    return (failure.kind, failure.resource, type(failure.exception), message, failure.preemptions)


def again(name: str, token: str | None) -> RaceReport:
    """The replay of a kernel's failure."""
    assert token is not None
    kernel = BY_NAME[name]
    return replay(token, kernel.bodies, setup=kernel.setup, check=kernel.check)
