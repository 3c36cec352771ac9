"""Unlocked shared counters can lose updates, locked ones never do: wherever the counter lives, whatever the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import PLACES, Place, make_namespace, own_manager

from extent import one_of_each_kind
from pytest_racecheck import RaceReport, Verdict, explore
from pytest_racecheck.campaign import explanation, fewer_preemptions

WORKERS = st.integers(2, 4)
INCREMENTS = st.integers(1, 3)
STARTS = st.integers(-1000, 1000)
SEEDS = st.integers(0, 2**32 - 1)
# Of each place and test; ten places make ten of each.
EXAMPLES = settings(max_examples=1, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def _short_explanations() -> Iterator[None]:
    """What is found is hardly shrunk: that it is found is what is looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOST_HEAD_STARTS", "HEAD_STARTS_EACH", "SHRINK_RUNS"):
            patch.setattr(explanation, name, 3)
        for name in ("MOST_ORDERS", "FEWER_RUNS"):
            patch.setattr(fewer_preemptions, name, 3)
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_manager_stays() -> Iterator[None]:
    """The manager that the campaigns share ends with them: other tests are told apart by whether there are children."""
    yield
    if own_manager.cache_info().currsize:
        own_manager().shutdown()
        own_manager.cache_clear()


def campaign(
    place: Place, locked: bool, workers: int, increments: int, start: int, mode: str, **words: Any
) -> RaceReport:
    """Let `workers` tasks add `increments` each, with or without a lock around each step, and check the sum."""

    def setup(shared: Any) -> tuple[Any, Any]:
        return place.make(shared, start), shared.lock()

    def unlocked_worker(counter: Any, lock: Any) -> None:
        for _ in range(increments):
            place.step(counter)

    def locked_worker(counter: Any, lock: Any) -> None:
        for _ in range(increments):
            with lock:
                place.step(counter)

    def check(counter: Any, lock: Any) -> bool:
        total = place.read(counter)
        place.drop(counter)
        return total == start + workers * increments

    return explore(
        locked_worker if locked else unlocked_worker,
        workers=workers,
        setup=setup,
        check=check,
        backend=place.backend,
        mode=mode,
        **words,
    )


# A campaign of jittered processes, with the control runs that tell a race, takes as long as ten of the others.
ONE_OF_EACH_KIND = {"process-Value", "manager-dict"}
JITTERED = one_of_each_kind(
    PLACES, {*ONE_OF_EACH_KIND, *(place for place in PLACES if place.backend == "thread")}
)


@pytest.mark.parametrize("place", JITTERED, ids=str)
@EXAMPLES
@given(workers=WORKERS, increments=INCREMENTS, start=STARTS, seed=SEEDS)
def test_unlocked_counters_can_lose_updates(
    place: Place, workers: int, increments: int, start: int, seed: int
) -> None:
    """A lost update is found within 600 runs.

    A single run loses one with probability at least 0.15 wherever the counter lives (0.3 and more were measured, 0.4 of a Value
    beside a busy suite), so a campaign misses it with probability below 0.85 ** 599 < 1e-42.
    """
    report = campaign(
        place, False, workers, increments, start, "jitter",
        seed=seed, schedules=600, seconds=600, keep_going=False,
    )  # fmt: skip
    report.assert_racy()
    assert report.outcomes.total() == report.runs


@pytest.mark.parametrize("place", PLACES, ids=str)
@EXAMPLES
@given(workers=WORKERS, increments=INCREMENTS, start=STARTS, seed=SEEDS)
def test_locked_counters_never_do(
    place: Place, workers: int, increments: int, start: int, seed: int
) -> None:
    """With a lock around each step no update is ever lost: this test cannot fail by chance."""
    report = campaign(
        place, True, workers, increments, start, "jitter", seed=seed, schedules=12, seconds=120
    )  # fmt: skip
    report.assert_race_free()
    assert report.verdict is Verdict.NOT_FOUND
    assert (report.failures, report.runs) == (0, 12)


# A manager that a program keeps between runs is a server that is really there; `test_managers.py` explores a Namespace.
EXPLORED = one_of_each_kind(
    [place for place in PLACES if place.make is not make_namespace],
    {
        *ONE_OF_EACH_KIND, "process-file", "process-shared memory",
        *(place for place in PLACES if place.backend == "thread"),
    },
)  # fmt: skip


@pytest.mark.parametrize("place", EXPLORED, ids=str)
@EXAMPLES
@given(workers=WORKERS, increments=INCREMENTS, start=STARTS, seed=SEEDS)
def test_explored_unlocked_counters_lose_updates_soon(
    place: Place, workers: int, increments: int, start: int, seed: int
) -> None:
    """A lost update is found within 60 schedules.

    Two tasks that step once each lose one in at least a quarter of the schedules that the portfolio draws, more tasks and steps in more: a
    campaign misses it with probability below 0.75 ** 60 < 4e-8, all examples of all places together below 1e-6.
    """
    report = campaign(
        place, False, workers, increments, start, "explore", seed=seed, schedules=60, seconds=120
    )
    report.assert_racy()


@pytest.mark.parametrize("place", EXPLORED, ids=str)
@EXAMPLES
@given(workers=WORKERS, increments=INCREMENTS, start=STARTS, seed=SEEDS)
def test_explored_locked_counters_never_do(
    place: Place, workers: int, increments: int, start: int, seed: int
) -> None:
    """With a lock around each step no schedule loses an update: this test cannot fail by chance."""
    report = campaign(
        place, True, workers, increments, start, "explore", seed=seed, schedules=10, seconds=120
    )
    report.assert_race_free()
    assert report.verdict is Verdict.NOT_FOUND
    assert (report.failures, report.runs) == (0, 10)
