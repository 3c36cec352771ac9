"""A campaign under jitter: its runs."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from pytest_racecheck.campaign.jitter import JitterCampaign
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.runtime.jitter.watchdog import RunOverdue
from pytest_racecheck.runtime.jitter.world import World


class Box:
    """A counter with one attribute."""

    n = 0


def increment(box: Box) -> None:
    """Add one, unprotected."""
    box.n += 1


def program(world: World) -> None:
    """Two threads add one each, as a test would start them."""
    box = Box()
    threads = [threading.Thread(target=increment, args=(box,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.n == 2


def campaign(seed: int, schedules: int = 40, **words: object) -> JitterCampaign:
    """A campaign over this file."""
    settings = Settings(seed=seed, schedules=schedules, seconds=60, **words)  # type: ignore[arg-type]
    return JitterCampaign(settings, name="program", root=Path(__file__).parent)


def delays(seed: int) -> list[dict[str, list[tuple[int, float]]]]:
    """Every injected delay of a campaign, as (point, seconds), by run and task."""
    one = campaign(seed)
    one.whole(program)
    return [
        {task: [(s.point, s.delay) for s in run.trace if s.task == task] for task in run.tasks}
        for run in one.results
    ]


def test_the_same_seed_injects_the_same_delays() -> None:
    """Tasks are held at the same points for the same time in every run of two campaigns with one seed.

    A run that fails passes more points than one that does not (pytest explains the assertion), so what is compared is the
    part that both passed.
    """
    first, again, other = delays(5), delays(5), delays(6)
    assert len(first) == len(again) == 40
    for mine, theirs in zip(first, again, strict=True):
        assert mine.keys() == theirs.keys()
        for task, held in mine.items():
            common = min(len(held), len(theirs[task]))
            assert held[:common] == theirs[task][:common]
    assert first != other
    assert sum(len(held) for run in first for held in run.values()) > 20


def test_an_unmodified_program_is_a_race() -> None:
    """Threads that the program starts itself lose updates; at 0.2 a run, 150 runs miss it with probability below 4e-15."""
    result = campaign(3, schedules=150).whole(program)
    assert result.verdict is Verdict.RACE_FOUND
    assert result.tasks == ("main", "increment-1", "increment-2")


def test_the_first_failure_ends_it_unless_told_to_go_on() -> None:
    """With keep_going=False a failed run that turns out to be a race is the last one."""
    one = campaign(3, schedules=150, keep_going=False)
    result = one.whole(program)
    assert result.failures
    assert not one.results[-1].passed
    assert len(one.results) < 150


def test_a_program_without_tasks_is_seen_at_once() -> None:
    """The first run tells that nothing concurrent was started."""
    one = campaign(3)
    with one.first_run() as world:
        increment(Box())
    assert not world.concurrent
    assert one.results == []


def test_what_must_abort_comes_through_and_everything_is_put_back() -> None:
    """Ctrl-C in a run ends the campaign, and Thread and the code are the originals again."""
    start, code = threading.Thread.start, increment.__code__
    runs: list[int] = []

    def interrupted(world: World) -> None:
        runs.append(1)
        program(world)
        if len(runs) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaign(3).whole(interrupted)
    assert threading.Thread.start is start
    assert increment.__code__ is code


def test_a_thread_that_outlives_its_run_is_named() -> None:
    """What the program leaves running is said, and is no failure."""
    release = threading.Event()

    def leaves(world: World) -> None:
        threading.Thread(target=release.wait, name="leftover", daemon=True).start()
        program(world)

    result = campaign(3, schedules=2).whole(leaves)
    release.set()
    assert any("outlived its run" in text for text in result.not_covered)


def test_a_first_run_that_hangs_says_where_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user reads what ends a test's own run: who hangs and where, what was expected, and what to do."""
    monkeypatch.setattr("pytest_racecheck.campaign.first_run.FIRST_RUN_SECONDS", 0.3)
    settings = Settings(seed=1, seconds=0.01)
    one = JitterCampaign(settings, name="test_a", root=Path(__file__).parent)
    release = threading.Event()

    def wait() -> None:
        release.wait()

    with pytest.raises(RunOverdue) as raised, one.first_run():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    release.set()
    one.close()
    first, task, second, third = str(raised.value).splitlines()
    assert first.startswith("test_a: its first run, without any delay, hangs: main did not end")
    assert "test_jitter.py" in first
    assert first.endswith(": thread.join()")
    assert re.match(r"  wait-1 did not end within [\d.]+ s, at ", task)
    assert task.endswith(" in wait: release.wait()")
    assert second.startswith("expected an end within 0.3 s of its first task")
    assert "skip=" in third
    assert raised.traceback[-1].path == Path(__file__)
