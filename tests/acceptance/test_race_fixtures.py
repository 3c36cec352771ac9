"""The fixtures `thread_race`, `process_race`, `manager_race` and `race`."""

from __future__ import annotations

import re

import pytest


def test_a_report_can_be_asserted(project, plain) -> None:
    """Without --racecheck the fixtures work, whatever is asserted of a report; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        import pytest
        from counting import Counter
        from pytest_racecheck import RaceFound, Verdict

        def right(counter):
            return counter.value == 2

        def test_racy(thread_race):
            report = thread_race(Counter.increment, setup=Counter, check=right, schedules=100, seconds=60)
            report.assert_racy()
            assert report.verdict is Verdict.RACE_FOUND
            assert report.runs == 100

        def test_safe(thread_race):
            report = thread_race(Counter.increment_safely, setup=Counter, check=right, schedules=100, seconds=60)
            report.assert_race_free()

        def test_accused(thread_race):
            report = thread_race(Counter.increment, setup=Counter, check=right, schedules=100, seconds=60)
            with pytest.raises(RaceFound, match="100 runs"):
                report.assert_race_free()
    """)
    result = plain()
    result.assert_outcomes(passed=3)
    assert "racecheck:" not in result.stdout.str()


def test_a_report_nobody_looked_at_fails_its_test(project, plain) -> None:
    """A race, or a missing verdict, that the test ignored fails it; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        from counting import Counter

        def right(counter):
            return counter.value == 2

        def test_racy(thread_race):
            thread_race(Counter.increment, setup=Counter, check=right, schedules=100, seconds=60)

        def test_without_verdict(thread_race):
            thread_race(Counter.increment_safely, setup=Counter, check=right, schedules=1)

        def test_safe(thread_race):
            thread_race(Counter.increment_safely, setup=Counter, check=right, schedules=10)

        def test_fails_on_its_own(thread_race):
            thread_race(Counter.increment_safely, setup=Counter, check=right, schedules=1)
            assert 1 == 2
    """)
    result = plain()
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines([
        "E   RaceFound: failed check*",
        "E   The test never looked at this report*",
        "E   same delays again: --racecheck-seed=*",
        "E   Inconclusive: *",
        "E   The test never looked at this report*",
        "FAILED *::test_fails_on_its_own - assert 1 == 2",
    ])  # fmt: skip


def test_race_is_parametrised_over_the_backends(project, plain) -> None:
    """`race` runs its test once for each backend, with ids of their names."""
    project.makepyfile("""
        def setup(shared):
            return shared.counter(0), shared.lock()

        def add(counter, lock):
            with lock:
                counter.value += 1

        def check(counter, lock):
            return counter.value == 2

        def test_count(race):
            race(add, setup=setup, check=check, schedules=5, seconds=60).assert_race_free()
    """)
    result = plain("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines_random(
        [f"*::test_count[[]{name}[]] PASSED*" for name in ("thread", "process", "manager")]
    )


def test_inside_given(project, plain) -> None:
    """Inside `@given` hypothesis has nothing to object to, and every call has a seed of its own."""
    project.makepyfile("""
        from hypothesis import given, settings, strategies as st
        from counting import Counter

        SEEDS = []

        @settings(max_examples=10, deadline=None, database=None)
        @given(start=st.integers(0, 5))
        def test_count(thread_race, start):
            def setup():
                counter = Counter()
                counter.value = start
                return counter

            report = thread_race(
                Counter.increment_safely, setup=setup, check=lambda c: c.value == start + 2, schedules=5, seconds=60
            )
            report.assert_race_free()
            SEEDS.append(report.seed)

        def test_seeds():
            assert len(set(SEEDS)) == len(SEEDS) >= 2
    """)
    plain("-p", "_hypothesis_pytestplugin").assert_outcomes(passed=2)


def test_settings_in_order_of_precedence(project, plain) -> None:
    """The call goes before the marker, the marker before the command line, that before the file."""
    project.makeini("[pytest]\nracecheck_schedules = 2\nracecheck_seconds = 50\n")
    project.makepyfile("""
        import pytest

        def runs(race, **words):
            return race([int, int], **words).runs

        @pytest.mark.racecheck(schedules=4)
        def test_marked(thread_race):
            assert runs(thread_race, schedules=5) == 5
            assert runs(thread_race) == 4

        def test_unmarked(thread_race):
            import sys
            assert runs(thread_race) == (3 if "--racecheck-schedules=3" in sys.argv else 2)
    """)
    plain().assert_outcomes(passed=2)
    plain("--racecheck-schedules=3").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("int, workers=0", "argument workers is 0; expected a whole number of at least 1"),
        ("int, schedules=0", "argument schedules is 0; expected a whole number of at least 1"),
        ("int, seconds=-1", "argument seconds is -1; expected a number of seconds greater than 0"),
        ("int, mode='fast'", "argument mode is 'fast'; expected one of explore, jitter, prove"),
        ("int, mode='prove'", "not available yet: argument mode = 'prove'"),
        (
            "int, shedules=1",
            "argument shedules is not known (did you mean schedules?); expected one of *",
        ),
        ("3", "argument target is 3; expected a callable or a sequence of callables"),
        (
            "coroutine",
            "argument target 'coroutine' is a coroutine function; expected a plain function",
        ),
        (
            "int, check=lambda: 'yes'",
            "check of * returned 'yes'; expected True, False, None or an exception",
        ),
    ],
)
def test_mistakes_name_the_argument(project, call, complaint) -> None:
    """A call that cannot be raises UsageError in one line."""
    project.makepyfile(f"""
        async def coroutine():
            pass

        def test_it(thread_race):
            thread_race({call})
    """)
    result = project.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E*UsageError: {complaint}"])


def test_a_setup_that_raises(project) -> None:
    """A setup that raises is told as such, with what it raised."""
    project.makepyfile("""
        def broken():
            raise OSError("no disk")

        def test_it(thread_race):
            thread_race(int, setup=broken)
    """)
    result = project.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*SetupFailed: setup of * raised OSError: no disk*"])


def test_a_test_that_asks_itself_is_not_explored_again(project, explored, notes) -> None:
    """Under --racecheck a test that uses a fixture or `explore` runs once and finds what it finds without."""
    project.makepyfile("""
        from counting import Counter, note
        from pytest_racecheck import explore

        def right(counter):
            return counter.value == 2

        def test_fixture(thread_race):
            note("ran")
            report = thread_race(Counter.increment, setup=Counter, check=right)
            report.assert_racy()

        def test_explore():
            note("ran")
            report = explore(Counter.increment, setup=Counter, check=right, schedules=100, seconds=60)
            report.assert_racy()
    """)
    explored().assert_outcomes(passed=2)
    assert notes() == ["ran", "ran"]


def test_what_one_run_prints_is_enough(project, plain) -> None:
    """Of hundreds of runs the failing one's output is shown, after what the test had printed itself."""
    project.makepyfile("""
        from counting import Counter

        def increment(counter):
            print("incrementing")
            counter.increment()

        def test_racy(thread_race):
            print("before")
            thread_race(increment, setup=Counter, check=lambda c: c.value == 2, mode="explore").assert_race_free()
    """)
    result = plain()
    result.assert_outcomes(failed=1)
    lines = result.stdout.lines
    printed = [line for line in lines if line in ("before", "incrementing")]
    assert printed == ["before", "incrementing", "incrementing"]


def test_a_replay_is_of_one_campaign_of_the_test(project, plain) -> None:
    """The command of a report names the campaign; the others are what they always are, and one that is never reached was no replay."""
    project.makepyfile("""
        from counting import Counter

        def test_two(thread_race):
            safe = thread_race(Counter.increment_safely, workers=2, setup=Counter,
                               check=lambda counter: counter.value == 2, schedules=20)
            safe.assert_race_free()
            thread_race(Counter.increment, workers=2, setup=Counter,
                        check=lambda counter: counter.value == 2, schedules=200).assert_race_free()
    """)
    found = plain("--racecheck-mode=explore").stdout.str()
    wanted = re.search(r"--racecheck-replay=(rc1:[\w-]+)@2$", found, re.MULTILINE)
    assert wanted, found
    result = plain(f"--racecheck-replay={wanted[1]}@2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * lost update on Counter.value (replayed; *"])
    project.makepyfile("""
        from counting import Counter

        def test_two(thread_race):
            thread_race(Counter.increment_safely, workers=2, setup=Counter, schedules=20).assert_race_free()
    """)
    result = plain(f"--racecheck-replay={wanted[1]}@2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E   Inconclusive: the token was not replayed: it is for campaign 2 of the test, *"]
    )
