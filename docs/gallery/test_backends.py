"""One counter in three worlds: threads, processes, and a manager's proxies.

The ``race`` fixture runs a test once for each backend; ``shared`` makes the backend's own objects.
"""

from __future__ import annotations

from typing import Any


def increment(counter: Any) -> None:
    """Reads, adds, writes."""
    counter.value += 1


def increment_locked(counter: Any, lock: Any) -> None:
    """Reads, adds, writes, alone."""
    with lock:
        counter.value += 1


def test_bare_counter_is_racy(race: Any) -> None:
    """No backend makes ``+=`` one step."""
    report = race(
        increment,
        workers=2,
        setup=lambda shared: shared.counter(0),
        check=lambda counter: counter.value == 2,
        keep_going=False,
    )
    report.assert_racy()


def test_locked_counter_is_race_free(race: Any) -> None:
    """On every backend a lock around the three steps is enough."""
    report = race(
        increment_locked,
        workers=2,
        setup=lambda shared: (shared.counter(0), shared.lock()),
        check=lambda counter, lock: counter.value == 2,
        schedules=50,
        seconds=3,
    )
    report.assert_race_free()


def test_two_different_targets(thread_race: Any) -> None:
    """One task adds, the other doubles: both orders are right, a mixture is not."""

    def add(counter: Any) -> None:
        counter.value += 10

    def double(counter: Any) -> None:
        counter.value *= 2

    report = thread_race(
        [add, double],
        setup=lambda shared: shared.counter(1),
        check=lambda counter: counter.value in {12, 22},
    )
    report.assert_racy()
