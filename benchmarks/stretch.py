"""Safestack, which needs five preemptions: the search for it alone."""

from __future__ import annotations

from kernels import BY_NAME

from benchmarks.clock import timed
from benchmarks.printing import Table

SCHEDULES = 1_000_000
SEEDS = 3


def table(scale: float) -> None:
    """One campaign a seed, with SURW."""
    out = Table("Safestack with SURW", ("seed", "run", "runs", "seconds", "preempt."))
    for seed in range(SEEDS):
        took, report = timed(
            BY_NAME["safestack"].explore,
            strategy="surw", schedules=int(SCHEDULES * scale), seconds=1_800, seed=seed,
        )  # fmt: skip
        failure = report.failure
        out.row(
            (
                str(seed),
                failure and failure.run,
                report.runs,
                took,
                failure and failure.preemptions,
            )
        )
