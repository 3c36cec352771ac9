"""What reports call that which is asked of a manager's proxies."""

from __future__ import annotations

import multiprocessing

import pytest
from together import concurrently

from extent import one_of_each_kind

FORK = multiprocessing.get_context("fork")


def take_if_there(jobs) -> None:
    if not jobs.empty():
        jobs.get()


def test_the_get_of_a_queue_is_no_value(body) -> None:
    """A deadlock in it is one on the queue. The seed is fixed."""

    def program() -> None:
        with FORK.Manager() as manager:
            jobs = manager.Queue()
            jobs.put(1)
            concurrently((take_if_there, jobs), (take_if_there, jobs))

    report = body(program, schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("deadlock", "jobs")
    assert "waits in jobs.get()" in str(report)


def add_by_attribute(value) -> None:
    value.value += 1


def add_by_methods(value) -> None:
    value.set(value.get() + 1)


@pytest.mark.parametrize(
    "add", one_of_each_kind([add_by_attribute, add_by_methods], [add_by_methods])
)
def test_the_get_of_a_value_is_its_attribute(body, add) -> None:
    """Whichever way the source gets at it."""

    def program() -> None:
        with FORK.Manager() as manager:
            value = manager.Value("i", 0)
            concurrently((add, value), (add, value))
            assert value.value == 2

    report = body(program, schedules=30)
    report.assert_racy()
    assert (report.failure.kind, report.failure.resource) == ("lost update", "value.value")
