"""Correct programs under many schedules: none may be accused."""

from __future__ import annotations

from kernels import CORRECT

from benchmarks.clock import timed
from benchmarks.printing import Table

SCHEDULES = 10_000


def table(scale: float) -> None:
    """Failing runs, which must be none, and the verdict."""
    out = Table("Correct twins", ("kernel", "runs", "failures", "seconds", "verdict"))
    for kernel in CORRECT:
        took, report = timed(
            kernel.explore, schedules=int(SCHEDULES * scale), seconds=120, seed=1, keep_going=True
        )
        out.row((kernel, report.runs, report.failures, took, f"  {report.verdict}"))
