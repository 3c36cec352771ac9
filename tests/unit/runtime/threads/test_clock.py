"""Virtual time."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time

import pytest


def test_nothing_sleeps(explored):
    """A sleep takes no real time, and the clocks show that it was slept."""

    def program():
        clocks = (time.monotonic, time.time, time.perf_counter)
        before = [clock() for clock in clocks]
        time.sleep(3_600)
        return [clock() - earlier for clock, earlier in zip(clocks, before, strict=True)]

    began = time.perf_counter()
    found = explored(program, 20)
    assert time.perf_counter() - began < 60
    assert all(3_600 <= slept < 3_601 for run in found.returned for slept in run)


def test_clocks_in_nanoseconds_agree(explored):
    """The integer clocks show the same time as the others."""

    def program():
        return [
            abs(one() / 1e9 - other())
            for one, other in (
                (time.monotonic_ns, time.monotonic),
                (time.time_ns, time.time),
                (time.perf_counter_ns, time.perf_counter),
            )
        ]

    assert all(difference < 1e-3 for run in explored(program, 2).returned for difference in run)


def test_sleepers_wake_in_the_order_of_their_deadlines(explored):
    """Whoever sleeps less is up first, under every schedule."""

    def program():
        order = []

        def sleep(seconds):
            time.sleep(seconds)
            order.append(seconds)

        threads = [threading.Thread(target=sleep, args=(seconds,)) for seconds in (3, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return order

    assert explored(program).returned == [[1, 2, 3]] * 50


def test_a_timeout_does_not_end_while_somebody_can_go_on(explored):
    """By default a timed wait times out only when nothing else can run."""

    def program():
        event = threading.Event()
        thread = threading.Thread(target=event.set)
        thread.start()
        heard = event.wait(0.001)
        thread.join()
        return heard

    assert set(explored(program).returned) == {True}


def test_any_timeout_may_end_at_any_point(explored):
    """With timeouts="any" both outcomes of a timed wait are found (each misses 50 random runs with less than 1e-9)."""

    def program():
        event = threading.Event()
        thread = threading.Thread(target=event.set)
        thread.start()
        heard = event.wait(1_000)
        thread.join()
        return heard

    assert set(explored(program, timeouts="any").returned) == {True, False}


@pytest.mark.parametrize("timeouts", ["last", "any"])
def test_a_condition_that_is_never_notified_times_out(explored, timeouts):
    """A timed wait in a loop passes virtual time, and ends."""

    def program():
        condition = threading.Condition()

        def wait():
            with condition:
                return condition.wait_for(lambda: False, timeout=1)

        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()

    assert set(explored(program, 20, timeouts=timeouts).outcomes) == {"passed"}


def test_loops_that_read_the_clock_end(explored):
    """Waiting by reading the clock ends, and lets others go on meanwhile, with no other scheduling point in the loop."""

    def program():
        done = []

        def other():
            time.sleep(1)
            done.append(time.monotonic())

        thread = threading.Thread(target=other)
        thread.start()
        end = time.monotonic() + 5
        while time.monotonic() < end:
            pass
        thread.join()
        return done[0] < end

    assert set(explored(program, 20).returned) == {True}


def test_a_yield_lets_others_in(explored):
    """A loop of sleep(0) around a flag ends under every schedule."""

    def program():
        flag = []
        thread = threading.Thread(target=flag.append, args=(1,))
        thread.start()
        while not flag:
            time.sleep(0)
        thread.join()

    assert set(explored(program).outcomes) == {"passed"}


def test_runs_see_the_same_time(explored):
    """What the clocks show is a function of the schedule: a replayed run reads what the run before it did."""

    def program():
        thread = threading.Thread(target=time.sleep, args=(0.1,))
        thread.start()
        seen = [time.time() for _ in range(5)]
        thread.join()
        return [*seen, time.monotonic()]

    from pytest_racecheck.model.schedule import Schedule

    found = explored(program, 3, replay=Schedule())
    assert found.returned[0] == found.returned[1] == found.returned[2]


def test_calendar_follows_the_virtual_clock(explored):
    """The broken-down time of now is the virtual one."""

    def program():
        before = time.gmtime()
        time.sleep(86_400)
        return (dt.date(*time.gmtime()[:3]) - dt.date(*before[:3])).days

    assert set(explored(program, 2).returned) == {1}


def test_sleep_complains_as_the_original_does(explored):
    """What cannot be slept is refused with the original's error."""

    def program():
        complaints = []
        for seconds in (-1, math.nan, "1"):
            try:
                time.sleep(seconds)
            except (ValueError, TypeError) as error:
                complaints.append(type(error))
        return complaints

    assert explored(program, 1).returned == [[ValueError, ValueError, TypeError]]


def test_everybody_else_has_the_originals(explored):
    """When the campaign is over the module holds what it held."""
    before = time.sleep, time.time, time.monotonic
    explored(lambda: None, 1)
    assert (time.sleep, time.time, time.monotonic) == before
