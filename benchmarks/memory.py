"""Memory that a campaign holds at its peak, by the number of its runs."""

from __future__ import annotations

import gc
import tracemalloc

from kernels import BY_NAME

from benchmarks.printing import Table

RUNS = (1_000, 5_000, 20_000)
PROGRAMS = ("lost_update_2x1", "reorder_9_1", "locked_counter_5x2")


def table(scale: float) -> None:
    """Peaks above what was there before, as Python's allocator counts them."""
    runs = [int(count * scale) for count in RUNS]
    out = Table(
        "Peak memory of a campaign, in KiB", ("program", *(f"{n:,} runs" for n in runs), "ratio")
    )
    for name in PROGRAMS:
        _peak(name, 10)
        peaks = [_peak(name, count) for count in runs]
        out.row((name, *peaks, peaks[-1] / peaks[0]))


def _peak(name: str, runs: int) -> float:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    BY_NAME[name].explore(schedules=runs, seconds=600, keep_going=True, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / 1024
