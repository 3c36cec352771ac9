"""What a step costs, in short and long runs, with few and many tasks."""

from __future__ import annotations

from dataclasses import replace

from kernels.counter import lost_update

from benchmarks.clock import median, seconds_per_run
from benchmarks.printing import Table

# Each addition is a read and a write.
STEPS_PER_ADDITION = 2


def table(scale: float) -> None:
    """Compare with the first row of each table."""
    longest = 1_000_000 if scale == 1.0 else 100_000
    out = Table(
        "Cost of a step by the length of a run (two tasks)", ("steps", "µs a step", "ratio")
    )
    base = None
    for steps in (1_000, 10_000, 100_000, longest):
        cost = _cost(tasks=2, steps=steps, runs=max(2, 200_000 // steps))
        base = base or cost
        out.row((f"{steps:,}", cost, cost / base))
    out = Table("Cost of a step by the number of tasks", ("tasks", "µs a step", "ratio"))
    base = None
    for tasks in (2, 4, 8, 16, 32, 64):
        cost = _cost(tasks=tasks, steps=6_400, runs=20)
        base = base or cost
        out.row((f"{tasks}", cost, cost / base))


def _cost(tasks: int, steps: int, runs: int) -> float:
    # Without its check no run fails: to explain a failure would take longer than all of them.
    kernel = replace(lost_update(tasks, steps // tasks // STEPS_PER_ADDITION), check=None)
    return median(
        lambda: seconds_per_run(kernel, runs, strategy="random", max_steps=10 * steps) / steps * 1e6
    )
