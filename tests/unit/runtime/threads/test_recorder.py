"""What a recorded run tells of values."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from pytest_racecheck import explore
from pytest_racecheck.model.trace import IN_VAIN, Action


class Counter:
    """Has its value for itself."""

    def __init__(self) -> None:
        self.value = 0


class Default:
    """Has it from its class, until somebody sets it."""

    value = 0


def increment(counter: Any) -> None:
    counter.value += 1


@pytest.mark.parametrize("kind", [Counter, Default])
def test_what_writes_leave(kind: Any) -> None:
    """Each is seen before the next step, the last one when the check fails, wherever the value was read from."""
    report = explore(
        [increment] * 2,
        setup=kind,
        check=lambda counter: counter.value == 2,
        schedules=50,
        backend="thread",
        seed=1,
    )
    assert report.failure is not None
    trace = report.failure.trace
    assert [step.value for step in trace if step.action is Action.READ][:2] == ["0", "0"]
    assert [step.value for step in trace if step.action is Action.WRITE] == ["1", "1"]


class Items(dict[str, int]):
    """Sets its items in a method of its own."""

    def __setitem__(self, key: str, value: int) -> None:
        dict.__setitem__(self, key, value)


def increment_item(items: Items) -> None:
    items["n"] += 1


def test_a_write_in_steps_is_told_by_its_last() -> None:
    """Before that nothing has been written, whatever the statement says; and a base class that is called by name is seen."""
    report = explore(
        [increment_item] * 2,
        setup=lambda: Items(n=0),
        check=lambda items: items == {"n": 2},
        schedules=50,
        seed=1,
    )
    assert report.failure is not None
    written = [step for step in report.failure.trace if step.action is Action.WRITE]
    assert {step.value for step in written} == {None}
    assert "dict.__setitem__" in str(report)


def named_alike() -> None:
    counter = Counter()
    threads = [threading.Thread(target=increment, args=(counter,), name="same") for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [thread.name for thread in threads] == ["same", "same"]
    assert counter.value == 2


def test_threads_of_one_name_are_told_apart() -> None:
    """In reports; to the program they bear the name that it gave them."""
    report = explore([named_alike, lambda: None], schedules=100, seed=1)
    assert report.failure is not None
    assert report.failure.kind == "lost update"
    assert {"same", "same (2)"} <= {step.task for step in report.failure.trace}


def say_twice(file: io.StringIO) -> None:
    print("a", file=file)
    print("b", file=file)


def test_what_says_nothing_is_left_out() -> None:
    """Of a file there is no more to show than its class."""
    report = explore(
        [say_twice] * 2,
        setup=lambda: io.StringIO(),
        check=lambda file: file.getvalue() == "a\nb\n" * 2,
        schedules=100,
        seed=1,
    )
    assert report.failure is not None
    assert "print" in str(report)
    assert "is then" not in str(report)


def discard(items: dict[str, int]) -> None:
    """Two operations: one of them may find nothing left."""
    if "n" in items:
        del items["n"]


def test_a_write_that_raised_is_not_shown_as_done() -> None:
    """The exception has its row, and overwrites nothing."""
    report = explore([discard] * 2, setup=lambda: {"n": 1}, schedules=50, backend="thread", seed=1)
    assert report.failure is not None
    raised = report.failure.trace[-1]
    assert raised.action is Action.RAISE
    assert raised.site == report.failure.trace[-2].site
    shown = str(report)
    assert shown.count("items ← {}") == 1
    assert "overwrites" not in shown
    assert 'del items["n"] raises KeyError' in " ".join(shown.split())


def try_once(lock: Any) -> None:
    if not lock.acquire(blocking=False):
        raise LookupError
    lock.release()


def test_a_lock_that_is_not_had_is_not_shown_as_taken() -> None:
    """Two tasks never have it at a time."""
    report = explore(
        [try_once] * 2, setup=lambda: threading.Lock(), schedules=50, backend="thread", seed=1
    )
    assert report.failure is not None
    tried = [step.value for step in report.failure.trace if step.action is Action.ACQUIRE]
    assert tried == [None, IN_VAIN]
    assert "in vain" in str(report)
