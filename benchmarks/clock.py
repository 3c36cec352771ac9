"""Time per run of a campaign, without what a campaign costs once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kernels.kernel import Kernel

REPEATS = 5
T = TypeVar("T")


def timed(action: Callable[..., T], *arguments: object, **words: object) -> tuple[float, T]:
    """How long `action` takes, in seconds, and what it returns."""
    start = time.perf_counter()
    result = action(*arguments, **words)
    return time.perf_counter() - start, result


def seconds_per_run(kernel: Kernel, runs: int, **words: Any) -> float:
    """What one more run costs: a campaign of `runs` and one of a tenth, their difference divided by the runs."""
    few = max(runs // 10, 1)

    def campaign(count: int) -> float:
        took, report = timed(
            kernel.explore, schedules=count, seconds=600, keep_going=True, seed=1, **words
        )
        if report.runs < count:
            raise SystemExit(f"{kernel}: {report.runs} runs instead of {count}\n{report}")
        return took

    return (campaign(runs) - campaign(few)) / (runs - few)


def median(measure: Callable[[], float]) -> float:
    """The median of some measurements."""
    return statistics.median(measure() for _ in range(REPEATS))
