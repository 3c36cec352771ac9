"""Schedules a second for each backend and start method, against rounds of the same program on plain processes."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.clock import timed
from benchmarks.printing import Table
from pytest_racecheck import RaceReport, explore

REPEATS = 3
SCHEDULES = {"fork": 200, "forkserver": 60, "spawn": 60}
METHODS = [name for name in SCHEDULES if name in multiprocessing.get_all_start_methods()]


def count(counter: Any, lock: Any) -> None:
    """Count one."""
    with lock:
        counter.value += 1


def count_in(numbers: Any, lock: Any) -> None:
    """Count one in a dict."""
    with lock:
        numbers["count"] += 1


def table(scale: float) -> None:
    """Measure both in turn, several times, and give medians."""
    out = Table(
        "Schedules a second of two processes that count under a lock, and plain rounds in the same run",
        ("backend, start method", "schedules", "rounds", "ratio"),
    )
    for method in METHODS:
        runs = max(10, int(SCHEDULES[method] * scale))
        _row(out, f"process, {method}", "process", method, runs)
    for method in METHODS:
        runs = max(10, int(SCHEDULES[method] * scale))
        _row(out, f"manager, {method}", "manager", method, runs)


def _row(out: Table, title: str, backend: str, method: str, runs: int) -> None:
    explored, plain = [], []
    for _ in range(REPEATS):
        explored.append(_rate(lambda n: _explore(backend, method, n), runs))
        plain.append(_rate(lambda n: _rounds(backend, method, n), max(runs // 4, 5)))
    ratio = statistics.median(a / b for a, b in zip(explored, plain, strict=True))
    out.row((title, statistics.median(explored), statistics.median(plain), ratio))


def _rate(run: Callable[[int], object], runs: int) -> float:
    """Runs a second, without what is paid once."""
    few = max(runs // 10, 2)
    return (runs - few) / (timed(run, runs)[0] - timed(run, few)[0])


def _explore(backend: str, method: str, runs: int) -> RaceReport:
    maker: Any = count if backend == "process" else count_in

    def setup(shared: Any) -> tuple[Any, Any]:
        made = shared.counter(0) if backend == "process" else shared.dict({"count": 0})
        return made, shared.lock()

    report = explore(
        maker,
        backend=backend,
        setup=setup,
        start_method=method,
        schedules=runs,
        seconds=600,
        seed=1,
    )
    report.assert_race_free()
    return report


def _rounds(backend: str, method: str, rounds: int) -> None:
    context: Any = multiprocessing.get_context(method)
    for _ in range(rounds):
        if backend == "process":
            _round(context, count, context.Value("q", 0), context.Lock())
        else:
            with context.Manager() as manager:
                _round(context, count_in, manager.dict(count=0), manager.Lock())


def _round(context: Any, body: Callable[..., None], *state: Any) -> None:
    processes = [context.Process(target=body, args=state) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
