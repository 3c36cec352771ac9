"""Tasks that have tried something in vain."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from greenlet import getcurrent, greenlet

from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.retries import Retries
from pytest_racecheck.runtime.threads.task import Task

LOCK = ("file lock", "/x")


class FakeScheduler:
    """Tasks that block give way to the test, which looks who was enabled, and lets them go on."""

    def __init__(self) -> None:
        self.enabled: set[str] = set()
        self.deadlines: dict[str, float | None] = {}

    def block(self, task: Task, wait, deadline=None) -> None:
        task.wait = wait
        self.deadlines[task.name] = deadline
        getcurrent().parent.switch()

    def enable(self, task: Task) -> None:
        self.enabled.add(task.name)


class Trial:
    """Retries with some tasks in them."""

    def __init__(self) -> None:
        self.scheduler = FakeScheduler()
        self.retries = Retries(self.scheduler)
        self.tasks: dict[str, Task] = {}
        self.greenlets: dict[str, greenlet] = {}
        self.answers: dict[str, bool] = {}

    def waits(self, name: str, key=LOCK, deadline: float | None = None) -> None:
        """A task of that name has tried in vain."""
        task = self.tasks[name] = Task(1, name, name, None, 1, False)
        request = Request("retry", key, True, None, None, ("acquire", deadline))

        def live() -> None:
            self.answers[name] = self.retries.wait(task, request)

        self.greenlets[name] = greenlet(live)
        self.greenlets[name].switch()

    def goes_on(self, name: str) -> bool:
        """It is chosen; whether it may try again."""
        self.greenlets[name].switch()
        return self.answers[name]


@pytest.fixture
def trial() -> Iterator[Trial]:
    """Nobody waits yet, and who waits at the end is ended: a collection would do it when half of the trial is gone."""
    trial = Trial()
    trial.retries.begin()
    yield trial
    for one in trial.greenlets.values():
        # Whom a new run has forgotten is not there any more.
        with contextlib.suppress(KeyError):
            one.throw()


def did(key, *, writes: bool = True) -> Request:
    """An operation that somebody has done."""
    return Request("touch", key, writes)


def test_an_operation_on_the_same_thing_wakes_those_that_wait_for_it(trial) -> None:
    """Others go on waiting, and so do all when it was only read."""
    trial.waits("one")
    trial.waits("other", ("file lock", "/y"))
    trial.retries.done(did(LOCK, writes=False))
    assert trial.scheduler.enabled == set()
    trial.retries.done(did(LOCK))
    assert trial.scheduler.enabled == {"one"}
    assert trial.goes_on("one")


def test_who_has_gone_on_is_not_woken_again(trial) -> None:
    """Only those that stand wait."""
    trial.waits("one")
    trial.retries.all()
    trial.goes_on("one")
    trial.scheduler.enabled.clear()
    trial.retries.all()
    trial.retries.done(did(LOCK))
    assert trial.scheduler.enabled == set()


def test_time_runs_out(trial) -> None:
    """Whose deadline has passed is told not to try again."""
    trial.waits("one", deadline=5.0)
    assert trial.scheduler.deadlines == {"one": 5.0}
    trial.tasks["one"].timed_out = True
    assert not trial.goes_on("one")


def test_everybody_tries_once_more_when_nobody_can_go_on(trial) -> None:
    """But not twice without anything having happened in between: that would go on for ever."""
    assert not trial.retries.all_once_more()
    trial.waits("one")
    assert trial.retries.all_once_more()
    assert trial.scheduler.enabled == {"one"}
    assert not trial.retries.all_once_more()
    trial.retries.done(did(("file", "/z")))
    assert trial.retries.all_once_more()


def test_a_new_run_knows_nobody(trial) -> None:
    """Who waited in the last one is gone."""
    trial.waits("one")
    trial.retries.begin()
    trial.retries.all()
    assert trial.scheduler.enabled == set()
    assert not trial.retries.all_once_more()
