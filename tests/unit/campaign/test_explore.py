"""What a campaign under the explore engine concludes."""

from __future__ import annotations

import itertools
import threading

from pytest_racecheck import Verdict, explore

COUNTER = itertools.count()


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
