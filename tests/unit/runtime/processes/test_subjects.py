"""Calls on objects of multiprocessing, known by the same key in all processes."""

from __future__ import annotations

import multiprocessing

import pytest

from extent import one_of_each_kind
from pytest_racecheck.runtime.processes.subjects import key_of

FORK = multiprocessing.get_context("fork")


def test_other_objects_have_no_key() -> None:
    """Locks are their own, and what one process alone has is known by itself."""
    assert [key_of(one) for one in (FORK.Lock(), FORK.Semaphore(1), [], object())] == [None] * 4


def test_both_ends_of_a_pipe_are_one_thing() -> None:
    """What is received at one end is what was sent at the other; another pipe is another thing, and a closed end is none."""
    reading, writing = FORK.Pipe(duplex=False)
    other, another = FORK.Pipe(duplex=False)
    with reading, writing, other, another:
        assert key_of(reading) == key_of(writing) != key_of(other)
    assert key_of(reading) is None


def set_once(event, count) -> None:
    """Set it and count, if nobody has."""
    if not event.is_set():
        event.set()
        with count.get_lock():
            count.value += 1


def take_if_any(queue) -> None:
    """Take what is there, without waiting for it."""
    if not queue.empty():
        queue.get()


def _filled(queue):
    queue.put(1)
    return queue


@pytest.mark.parametrize("method", one_of_each_kind(["fork", "spawn"], {"fork"}))
def test_an_event_that_is_asked_and_set(race, method) -> None:
    """It is check then act on the event by its name, and the calls are rows; not the three locks of each."""
    report = race(
        set_once, setup=lambda s: (s.event(), s.value("i", 0)), check=lambda _event, count: count.value == 1,
        schedules=30, start_method=method,
    )  # fmt: skip
    assert report.failure is not None
    assert (report.failure.kind, report.failure.resource) == ("check then act", "event")
    text = str(report)
    assert "event.is_set()" in text
    assert "event.set()" in text
    assert "acquire event" not in text


def test_a_queue_that_is_asked_and_read(race) -> None:
    """Whoever finds something in it and then waits for ever is told by the calls that led there, those of the other process included."""
    report = race(
        take_if_any, setup=lambda _s: _filled(FORK.SimpleQueue()), schedules=30, start_method="fork"
    )
    assert report.failure is not None
    assert report.failure.kind == "deadlock"
    text = str(report)
    assert text.count("queue.empty()") == 2
    assert "waits in queue.get()" in text
