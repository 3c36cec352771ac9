"""How often each strategy hits each kernel."""

from __future__ import annotations

from kernels import FINDABLE

from benchmarks.printing import Table

RUNS = 5_000
SECONDS = 20
STRATEGIES = ("random", "pct", "pos", "urw", "surw", "delay", "portfolio")


def table(scale: float) -> None:
    """The share of failing runs."""
    out = Table(
        f"Hit rate, of {RUNS * scale:,.0f} runs or {SECONDS} seconds", ("kernel", *STRATEGIES)
    )
    for kernel in FINDABLE:
        rates = []
        for strategy in STRATEGIES:
            report = kernel.explore(
                strategy=strategy, schedules=int(RUNS * scale), seconds=SECONDS,
                keep_going=True, seed=1,
            )  # fmt: skip
            rates.append(report.failure_rate)
        out.row((kernel, *rates))
