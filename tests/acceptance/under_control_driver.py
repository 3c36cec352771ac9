"""Runs tests of the standard library inside controlled runs: `driver.py MODULE SCHEDULES [SKIPPED...]`; prints what failed."""

from __future__ import annotations

import queue
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import perf_counter

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.profile import Profile
from pytest_racecheck.runtime.threads.replacements import all_replaced
from pytest_racecheck.runtime.threads.run import Run
from pytest_racecheck.runtime.threads.scheduler import Scheduler
from pytest_racecheck.runtime.threads.watchdog import Watchdog
from pytest_racecheck.strategies.random_walk import RandomWalk


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


def run_one(scheduler: Scheduler, name: str, seed: int) -> list[str]:
    """What went wrong in one test under one schedule."""
    strategy = RandomWalk()
    strategy.begin(Random(seed), Profile())
    run = Run(scheduler, seed, lambda _error: "failure")
    result = unittest.TestResult()
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    run.execute(lambda _run: suite.run(result) and None, strategy)
    wrong = [text for _, text in (*result.failures, *result.errors)]
    wrong += [f"{error.task}: {error.summary}" for error in run.errors]
    if scheduler.blocked is not None:
        wrong.append(f"blocked: {scheduler.blocked}")
    return wrong


def main(module: str, schedules: int, *skipped: str) -> int:
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    tests = sys.modules.get(".".join(module.split(".")[:2])) or sys.modules[__name__]
    for case in list(vars(tests).values()):
        # A second copy of the C module, made for the tests, is a stranger to everybody.
        if hasattr(tests, "c_queue") and getattr(case, "queue", None) is tests.c_queue:
            case.queue = queue
    names = [test.id() for test in flat(suite)]
    failed = 0
    scheduler = Scheduler(1_000_000, Scope(Path("/nowhere")).contains)
    for name in names:
        if any(name.endswith(f".{end}") for end in skipped):
            continue
        with all_replaced(scheduler), Watchdog(scheduler):
            began = perf_counter()
            for seed in range(schedules):
                wrong = run_one(scheduler, name, seed)
                if perf_counter() - began > 5:
                    print(f"slow: {name} {perf_counter() - began:.1f} s", flush=True)
                if wrong:
                    failed += 1
                    print(f"FAILED {name} schedule {seed}\n" + "\n".join(wrong), flush=True)
                    break
    print(f"{len(names)} tests, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
