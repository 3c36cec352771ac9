"""Runs tests of the standard library inside controlled runs: `driver.py MODULE,MODULE SCHEDULES [SKIPPED...]`; prints what failed."""

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

# Seconds after which a test has switched so often that another schedule would show little more.
LONG = 0.3


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


def passes(scheduler: Scheduler, name: str, schedules: int) -> bool:
    """Whether nothing goes wrong in a test under so many schedules, fewer where it takes long; tells what does."""
    began = perf_counter()
    for seed in range(schedules):
        if seed and perf_counter() - began > LONG:
            break
        wrong = run_one(scheduler, name, seed)
        if perf_counter() - began > 5:
            print(f"slow: {name} {perf_counter() - began:.1f} s", flush=True)
        if wrong:
            print(f"FAILED {name} schedule {seed}\n" + "\n".join(wrong), flush=True)
            return False
    return True


def main(modules: str, schedules: int, *skipped: str) -> int:
    counts = [tests_of(module, schedules, skipped) for module in modules.split(",")]
    print(f"{sum(made for made, _ in counts)} tests, {sum(failed for _, failed in counts)} failed")
    return any(failed for _, failed in counts)


def tests_of(module: str, schedules: int, skipped: tuple[str, ...]) -> tuple[int, int]:
    """How many tests a module, or a class in it, has, and how many failed."""
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    tests = sys.modules.get(".".join(module.split(".")[:2])) or sys.modules[__name__]
    for case in list(vars(tests).values()):
        # A second copy of the C module, made for the tests, is a stranger to everybody.
        if hasattr(tests, "c_queue") and getattr(case, "queue", None) is tests.c_queue:
            case.queue = queue
    names = [test.id() for test in flat(suite)]
    failed = 0
    scheduler = Scheduler(1_000_000, Scope(Path("/nowhere")).contains)
    names = [name for name in names if not any(name.endswith(f".{end}") for end in skipped)]
    with all_replaced(scheduler), Watchdog(scheduler):
        for name in names:
            failed += not passes(scheduler, name, schedules)
    return len(names), failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
