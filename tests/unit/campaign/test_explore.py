"""What a campaign under the explore engine concludes."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_racecheck import Verdict, explore
from pytest_racecheck.campaign import explanation, fewer_preemptions

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
    monkeypatch.setattr(fewer_preemptions, "MOST_ORDERS", 0)
    monkeypatch.setattr(fewer_preemptions, "FEWER_RUNS", 0)

    def take(counts: dict[str, int]) -> None:
        counts["left"] -= 1

    for seed in range(5):
        report = explore(
            take, workers=20, setup=lambda _shared: {"left": 20}, seed=seed,
            check=lambda counts: counts["left"] == 0, schedules=20, strategy="random",
        )  # fmt: skip
        assert report.failure is not None
        assert report.failure.preemptions == 1


class Made:
    """Something that is made by whoever finds none."""

    def __init__(self) -> None:
        self.thing: object | None = None
        self.times = 0
        self.got: list[object] = []


def make(made: Made) -> None:
    if made.thing is None:
        made.thing = object()
        made.times = 1
    made.got.append(made.thing)


def test_what_the_failing_run_alone_has_shown_to_be_shared_does_not_change_its_schedule(
    thorough: bool,
) -> None:
    """Both tasks come to one place in no other run: that was no point in it, and is none where it is repeated."""
    for seed in range(20 if thorough else 5):
        report = explore(
            [make] * 2,
            setup=Made,
            check=lambda made: made.got[0] is made.got[1],
            schedules=500,
            seed=seed,
        )
        assert report.verdict is Verdict.RACE_FOUND, str(report)


def sleep_then_count(counts: list[int]) -> None:
    time.sleep(0.1)
    count = counts[0]
    counts[0] = count + 1


def read_sleep_write(counts: list[int]) -> None:
    count = counts[0]
    time.sleep(0.1)
    counts[0] = count + 1


@pytest.mark.parametrize("target", [sleep_then_count, read_sleep_write])
def test_sleeps_hide_no_race(target) -> None:
    """Those who have slept enough are free to go in any order; and where all sleep at the same time nobody is through before the others."""
    report = explore(
        [target] * 2, setup=lambda: [0], check=lambda x: x == [2], schedules=60, seed=1
    )
    assert report.verdict is Verdict.RACE_FOUND, str(report)
    assert report.failure is not None
    assert report.failure.kind == "lost update"


def test_what_always_fails_is_no_race() -> None:
    """Whether anybody sleeps or not."""
    report = explore(
        [sleep_then_count] * 2, setup=lambda: [0], check=lambda x: x == [3], schedules=60, seed=1
    )
    assert report.verdict is Verdict.INCONCLUSIVE


class Unusual(BaseException):
    """No exception that most would catch."""


@pytest.mark.parametrize("kind", [pytest.fail.Exception, Unusual, GeneratorExit])
def test_whatever_a_target_raises_is_its_failure(kind) -> None:
    """It need not be an `Exception`."""

    def target(counts: list[int]) -> None:
        count = counts[0]
        counts[0] = count + 1
        if counts[0] != count + 1:
            raise kind("no")

    report = explore([target] * 2, setup=lambda: [0], schedules=300, seed=1)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert type(report.failure.exception) is kind


def set_from_a_thread() -> None:
    """A loop is not told of what other threads do to it."""

    async def wait() -> None:
        event = asyncio.Event()
        thread = threading.Thread(target=event.set)
        thread.start()
        await event.wait()
        thread.join()

    asyncio.run(wait())


def test_a_thread_that_does_nothing_that_is_seen() -> None:
    """It does it when it is chosen to, and not wherever the others come to their next point."""
    report = explore([set_from_a_thread, lambda: None], schedules=60, seed=1)
    assert report.verdict is Verdict.RACE_FOUND, str(report)
    assert report.failure is not None
    assert report.failure.token is not None


def test_a_loop_for_ever_ends_in_every_run() -> None:
    """A loop through places that nobody writes to is a livelock, in the runs that count only what is shared as well; the report says who goes on where."""
    report = explore(
        [spin, nothing], setup=lambda _shared: Waiting(), max_steps=200, schedules=100, seconds=5
    )
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.kind == "livelock"
    assert "spin-1 did not end within 400 steps" in str(report)
    assert "spin-1 goes on at" in str(report)


def test_who_computes_for_ever_gets_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time alone accuses nobody, and the loop is named."""
    monkeypatch.setattr("pytest_racecheck.runtime.threads.controlled.LONGEST", 0.5)
    report = explore([compute, nothing], setup=lambda _shared: Waiting(), seconds=0.5)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert (
        "compute-1 computes without end (0.5 s and no scheduling point), at" in report.result.reason
    )


class Waiting:
    """For what never comes."""

    news = None


def spin(waiting: Waiting) -> None:
    """Ask again and again."""
    while waiting.news is None:
        pass


def compute(_waiting: Waiting) -> None:
    """Ask nobody."""
    while True:
        pass


def nothing(_waiting: Waiting) -> None:
    """Let it wait."""


def polite(own: int) -> Callable[..., None]:
    """Takes its fork, and puts it back if it cannot have the other one."""

    def eat(*forks: Any) -> None:
        while True:
            with forks[own]:
                if forks[1 - own].acquire(blocking=False):
                    forks[1 - own].release()
                    return

    return eat


def test_those_who_give_way_to_each_other_are_no_livelock() -> None:
    """They would have to do so in step for ever."""
    report = explore(
        [polite(0), polite(1)],
        setup=lambda: (threading.Lock(), threading.Lock()),
        schedules=60,
        seconds=60,
        max_steps=2_000,
        backend="thread",
        seed=0,
    )
    assert report.verdict is Verdict.NOT_FOUND, str(report)
