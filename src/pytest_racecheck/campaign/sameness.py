"""Whether a program is a function of its schedule: the first schedule is run twice, and the two runs must be the same step by step."""

from __future__ import annotations

from collections.abc import Callable

from pytest_racecheck.model.operation import Site
from pytest_racecheck.runtime.threads.log import Log, unpacked

CAUSES = "the time, a random number, the order of a set of strings or of objects (it goes by hashes and addresses), or state that survived the run"


def first_difference(first: Log, second: Log, place: Callable[[int], Site | None]) -> str | None:
    """The first step in which two runs of one schedule differ, in words; None where they are the same."""
    if first == second:
        return None
    number = next(
        (n for n, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    return (
        f"the same schedule did not do the same twice: step {number} was {_said(first, number, place)} and then"
        f" {_said(second, number, place)}; likely causes: {CAUSES}"
    )


def _said(steps: Log, number: int, place: Callable[[int], Site | None]) -> str:
    if number >= len(steps):
        return "the end of the run"
    task, point, resource = unpacked(steps[number])
    site = place(point)
    who = f"task {task}"
    if site is None:
        return f"{who} at primitive {-point} (resource {resource})"
    what = f"{who} before {site.kind.value} {site.name}".rstrip()
    return f"{what} at {site.file}:{site.line} (resource {resource})"
