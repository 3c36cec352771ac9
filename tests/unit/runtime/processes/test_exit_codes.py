"""Who looks at a process without waiting for it: whether that is seen as over is decided by the schedule, and not by how fast the system is."""

from __future__ import annotations

import multiprocessing

import pytest

from extent import one_of_each_kind
from pytest_racecheck import Verdict

METHODS = ["fork", "forkserver", "spawn"]


def add(value) -> None:
    value.value += 1


def by_exit_code(process) -> bool:
    return process.exitcode is not None


def by_life(process) -> bool:
    return not process.is_alive()


def by_join(process) -> bool:
    process.join(0)
    return process.exitcode is not None


LOOKS = [by_exit_code, by_life, by_join]
CASES = [(method, look) for method in METHODS for look in LOOKS]
QUICK = [("fork", by_join), ("forkserver", by_exit_code)]


@pytest.mark.parametrize("case", one_of_each_kind(CASES, QUICK))
def test_who_takes_it_to_be_running_still(body, case) -> None:
    """It is over under some schedules only, under the same ones each time they are repeated. The seed is fixed."""
    method, look = case
    context = multiprocessing.get_context(method)

    def program() -> None:
        value = context.Value("i", 0)
        process = context.Process(target=add, args=(value,))
        process.start()
        begun = value.value
        is_over = look(process)
        process.join()
        assert not is_over, begun

    report = body(program, schedules=20)
    report.assert_racy()
    assert report.failure.kind == "order violation"


@pytest.mark.parametrize("case", one_of_each_kind(CASES, [("forkserver", by_exit_code)]))
def test_who_asks_until_it_is_over(body, case) -> None:
    """Then all that it has done is done, and its exit code is there."""
    method, look = case
    context = multiprocessing.get_context(method)

    def program() -> None:
        value = context.Value("i", 0)
        process = context.Process(target=add, args=(value,))
        process.start()
        while not look(process):
            pass
        assert (process.exitcode, value.value) == (0, 1)
        assert process not in multiprocessing.active_children()

    report = body(program, schedules=6)
    assert report.verdict is Verdict.NOT_FOUND, str(report)
