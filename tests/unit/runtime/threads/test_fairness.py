"""Who waits in a loop gives way, and nobody calls that an interruption."""

from __future__ import annotations

import os
import select
import threading

from pytest_racecheck import Verdict, explore
from pytest_racecheck.model.schedule import Schedule


class Flag:
    """What one thread sets and another looks at."""

    up = False


class Count:
    """What two threads count down, and who of them is through."""

    def __init__(self) -> None:
        self.left = 2
        self.through: list[int] = []


def look(count: Count) -> None:
    while len(count.through) < 2:
        pass


def take(count: Count) -> None:
    count.left -= 1
    count.through.append(1)


def test_a_loop_that_looks_at_something() -> None:
    """Left to itself it would look for ever. It gives way in every schedule, and that is none of the interruptions that are told."""
    report = explore([look, take, take], setup=Count, check=lambda count: count.left == 0, seed=1)
    assert report.verdict is Verdict.RACE_FOUND
    assert report.failure is not None
    assert report.failure.kind == "lost update"
    assert report.failure.preemptions == 1


def test_a_loop_that_asks_whether_there_is_something_to_read(explored) -> None:
    """What another thread is to read wakes it up at once, again and again: a few rounds show that."""

    def program() -> None:
        reading, writing = os.pipe()
        flag = Flag()

        def ask() -> None:
            while not flag.up:
                select.select([reading], [], [])

        def read() -> None:
            os.read(reading, 1)
            flag.up = True
            os.write(writing, b"x")

        os.write(writing, b"x")
        threads = [threading.Thread(target=ask), threading.Thread(target=read)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os.close(reading)
        os.close(writing)

    found = explored(program, 1, replay=Schedule(()))
    assert found.outcomes == {"passed": 1}
    assert found.choices < 100
