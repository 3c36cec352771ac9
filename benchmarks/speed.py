"""Schedules a second, against rounds of the same program on real threads."""

from __future__ import annotations

import statistics
import threading

from kernels import BY_NAME
from kernels.kernel import Kernel

from benchmarks.clock import REPEATS, seconds_per_run, timed
from benchmarks.printing import Table

SCHEDULES = 10_000
ROUNDS = 2_000
PROGRAMS = (
    ("two tasks, self.n += 1", "lost_update_2x1"),
    ("with a lock around it", "locked_counter_2x1"),
    ("unmodified body", "lost_update_body"),
    ("unmodified body, locked", "locked_counter_body"),
)


def table(scale: float) -> None:
    """Measure both in turn, several times, and give medians."""
    out = Table(
        "Schedules a second (random walk), and plain rounds on real threads in the same run",
        ("program", "schedules", "rounds", "ratio", "portfolio"),
    )
    for title, name in PROGRAMS:
        kernel = BY_NAME[name]
        count, rounds = int(SCHEDULES * scale), int(ROUNDS * scale)
        explored, plain, mixed = [], [], []
        for _ in range(REPEATS):
            explored.append(1 / seconds_per_run(kernel, count, strategy="random"))
            plain.append(rounds / timed(_rounds, kernel, rounds)[0])
            mixed.append(1 / seconds_per_run(kernel, count))
        ratio = statistics.median(a / b for a, b in zip(explored, plain, strict=True))
        out.row(
            (title, *map(statistics.median, (explored, plain)), ratio, statistics.median(mixed))
        )


def _rounds(kernel: Kernel, rounds: int) -> None:
    for _ in range(rounds):
        _round(kernel)


def _round(kernel: Kernel) -> None:
    if kernel.setup is None:
        kernel.bodies[0]()
        return
    state = kernel.setup(None)
    arguments = state if isinstance(state, tuple) else (state,)
    threads = [threading.Thread(target=body, args=arguments) for body in kernel.bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if kernel.check is not None:
        kernel.check(*arguments)
