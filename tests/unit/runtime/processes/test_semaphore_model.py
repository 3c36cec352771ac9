"""A semaphore as the scheduling process knows it."""

from __future__ import annotations

import pytest
from greenlet import getcurrent, greenlet

from pytest_racecheck.model.trace import Position
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.semaphore_model import SemaphoreModel
from pytest_racecheck.runtime.threads.task import Task


class FakeScheduler:
    """A task that stands gives way to the test, which lets it go on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.strategy = self
        self.gave_way: list[str] = []

    def stand(self, task: Task) -> None:
        getcurrent().parent.switch()

    def block(self, task: Task, wait, deadline=None, *, ready: bool = False) -> None:
        task.wait, task.deadline, task.enabled = wait, deadline, ready
        getcurrent().parent.switch()

    def enable(self, task: Task) -> None:
        task.enabled = True

    def disable(self, task: Task) -> None:
        task.enabled = False

    def yielded(self, task: Task) -> None:
        self.gave_way.append(task.name)


class Trial:
    """A semaphore with some tasks before it; `real` is its value in the system."""

    def __init__(self, value: int) -> None:
        self.scheduler = FakeScheduler()
        self.model = SemaphoreModel(self.scheduler, None)
        self.real = value
        self.tasks: dict[str, Task] = {}
        self.greenlets: dict[str, greenlet] = {}
        self.took: dict[str, bool] = {}

    def comes(self, name: str, *, blocking: bool = True, timeout: float | None = None) -> Task:
        """A task stands before taking it."""
        task = self.tasks.setdefault(name, Task(len(self.tasks), name, name, None, 1, False))
        request = Request("take", ("semaphore",), True, ("file.py", len(self.tasks), name))

        def live() -> None:
            self.took[name] = self.model.take(task, request, self.real, blocking, timeout)
            self.real -= self.took[name]

        self.greenlets[name] = greenlet(live)
        self.greenlets[name].switch()
        return task

    def goes_on(self, name: str) -> bool:
        """It is chosen; whether it has taken the semaphore."""
        self.greenlets[name].switch()
        return self.took[name]

    def gives(self, name: str) -> None:
        """A task gives it back."""
        self.model.give(self.tasks[name], self.real)
        self.real += 1


def test_one_takes_it_and_the_others_wait() -> None:
    """Who stands before a semaphore that is taken can go on when it is given back, and only one of them."""
    trial = Trial(1)
    one, two, three = map(trial.comes, ("one", "two", "three"))
    assert one.enabled and two.enabled and three.enabled
    assert trial.goes_on("two")
    assert not one.enabled and not three.enabled
    trial.gives("two")
    assert one.enabled and three.enabled
    assert trial.goes_on("three")
    assert not one.enabled


def test_who_holds_it_is_known() -> None:
    """A report names the task and the line."""
    trial = Trial(1)
    assert trial.model.holder is None
    trial.comes("one")
    trial.goes_on("one")
    two = trial.comes("two")
    assert two.wait.holder() is trial.tasks["one"]
    assert trial.model.taken_at == Position("file.py", 1, "one")
    trial.gives("one")
    assert trial.model.holder is None


def test_a_semaphore_has_as_many_holders_as_it_has_room_for() -> None:
    """The last one that took it is the one to be waited for; somebody else may give it back."""
    trial = Trial(2)
    for name in ("one", "two"):
        trial.comes(name)
        assert trial.goes_on(name)
    assert not trial.comes("three").enabled
    assert trial.model.holder is trial.tasks["two"]
    trial.gives("one")
    assert trial.model.holders == [trial.tasks["two"]]
    trial.gives("three")
    assert trial.model.holders == []
    assert trial.tasks["three"].enabled


def test_to_try_is_not_to_wait() -> None:
    """Who finds it taken is told so at once, and lets others go first."""
    trial = Trial(0)
    trial.comes("one", blocking=False)
    assert not trial.goes_on("one")
    trial.comes("two", timeout=0)
    assert not trial.goes_on("two")
    assert trial.scheduler.gave_way == ["one", "two"]
    assert trial.model.holders == []


def test_time_passes_for_who_has_waited_in_vain() -> None:
    """Whose time is over has waited as long as was said."""
    trial = Trial(0)
    one = trial.comes("one", timeout=3.0)
    assert one.deadline == 3.0
    assert not trial.goes_on("one")
    assert trial.scheduler.now == 3.0


def test_who_has_timed_out_stays_able_to_go_on() -> None:
    """Somebody else takes what was given back just then: it goes on all the same, without it."""
    trial = Trial(1)
    one = trial.comes("one", timeout=3.0)
    one.timed_out = True
    trial.comes("two")
    assert trial.goes_on("two")
    assert one.enabled
    assert not trial.goes_on("one")


def test_the_value_is_what_the_task_has_found() -> None:
    """A process that is no part of the program may have given it back meanwhile."""
    trial = Trial(0)
    trial.real = 1
    assert trial.comes("one").enabled


@pytest.mark.parametrize("value", [0, 1])
def test_passing_by_takes_nothing(value) -> None:
    """Who uses what it guards for one operation waits until it could be taken."""
    trial = Trial(value)
    task = trial.tasks["one"] = Task(0, "one", "one", None, 1, False)
    greenlet(lambda: trial.model.pass_by(task, value)).switch()
    assert task.enabled == bool(value)
    assert (trial.model.value, trial.model.holders) == (value, [])
