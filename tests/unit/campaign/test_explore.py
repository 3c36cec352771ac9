"""What a campaign under the explore engine concludes."""

from __future__ import annotations

import itertools
import threading

from pytest_racecheck import Verdict, explore
from pytest_racecheck.campaign import explanation

COUNTER = itertools.count()
LAZY: list[object] = []


def lazy() -> object:
    """Made by whoever comes first."""
    if not LAZY:
        LAZY.append(object())
    return LAZY[-1]


def test_campaigns_do_not_hide_anything_from_each_other() -> None:
    """What the runs of one have made at module level is not there for the next: both find that it can be made twice."""
    for _ in range(2):
        report = explore(
            lambda got: got.append(lazy()), setup=lambda _shared: [],
            check=lambda got: got[0] is got[1], schedules=60, seed=1,
        )  # fmt: skip
        assert report.verdict is Verdict.RACE_FOUND
        assert LAZY == []


def test_a_circle_is_a_deadlock_though_no_two_runs_are_alike() -> None:
    """A program that is no function of its schedule has no verdict, but for this: in whatever way it got there, tasks wait for each other."""

    def body() -> None:
        lock = threading.Lock()

        def work() -> None:
            for _ in range(next(COUNTER) % 7):
                noted.append(1)
            with lock, lock:
                pass

        noted: list[int] = []
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    report = explore(body, workers=1, schedules=20)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert (report.failure.kind, report.failure.resource) == ("deadlock", "lock")
    assert report.failure.token is None


def test_of_twenty_tasks_one_is_interrupted(monkeypatch) -> None:
    """Random schedules interrupt most of them; that one is enough is found before the others are taken away one by one."""
    monkeypatch.setattr(explanation, "SHRINK_RUNS", 0)
    monkeypatch.setattr(explanation, "FEWER_RUNS", 0)

    def take(counts: dict[str, int]) -> None:
        counts["left"] -= 1

    for seed in range(5):
        report = explore(
            take, workers=20, setup=lambda _shared: {"left": 20}, seed=seed,
            check=lambda counts: counts["left"] == 0, schedules=20, strategy="random",
        )  # fmt: skip
        assert report.failure is not None
        assert report.failure.preemptions == 1
