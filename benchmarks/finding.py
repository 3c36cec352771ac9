"""Schedules until the portfolio finds each kernel, and what the failure is shrunk to."""

from __future__ import annotations

import statistics

from kernels import FINDABLE

from benchmarks.clock import timed
from benchmarks.printing import Table

SEEDS = 20
BUDGET = 2_000


def table(scale: float) -> None:
    """Medians over the seeds; a miss counts as the whole budget."""
    seeds = range(max(int(SEEDS * scale), 3))
    out = Table(
        f"Schedules to the first failure, portfolio, {len(seeds)} seeds of {BUDGET:,} schedules",
        ("kernel", "median", "worst", "found", "preempt.", "fewest", "ms"),
    )
    for kernel in FINDABLE:
        runs, preemptions, times, found = [], [], [], 0
        for seed in seeds:
            took, report = timed(kernel.explore, schedules=BUDGET, seconds=60, seed=seed)
            times.append(took)
            failure = report.failure
            found += failure is not None
            runs.append(failure.run if failure else BUDGET)
            preemptions.append(failure.preemptions if failure else 0)
        out.row(
            (kernel, statistics.median(runs), max(runs), f"{found}/{len(seeds)}",
             max(preemptions), kernel.preemptions, statistics.median(times) * 1000)
        )  # fmt: skip
