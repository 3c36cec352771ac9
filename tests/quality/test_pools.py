"""Races of what pools and executors are given to do: few operations of the program's own among many of the library."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_racecheck import Verdict, explore


class Shared:
    """What two jobs work on."""

    def __init__(self) -> None:
        self.n = 0
        self.items = [1]


def increment(shared: Shared) -> None:
    shared.n += 1


def take(shared: Shared) -> None:
    if shared.items:
        shared.items.pop()
        shared.n += 2


def in_executor(job) -> object:
    """One target that hands the job to an executor twice."""

    def target(shared: Shared) -> None:
        with ThreadPoolExecutor(2) as executor:
            jobs = [executor.submit(job, shared) for _ in range(2)]
        for one in jobs:
            one.result()

    return target


@pytest.mark.parametrize("job", [increment, take])
def test_found_in_most_seeds_soon(job, thorough) -> None:
    """Within 200 schedules in all seeds but one; by default the first worker does both jobs, and no place of theirs is a point.

    The seeds are fixed, so this test cannot fail by chance.
    """
    seeds = 10 if thorough else 4
    found = [
        explore(
            in_executor(job), workers=1, setup=Shared, check=lambda shared: shared.n == 2, seed=seed, schedules=200, seconds=60
        ).verdict
        for seed in range(seeds)
    ]  # fmt: skip
    assert found.count(Verdict.RACE_FOUND) >= seeds - 1
