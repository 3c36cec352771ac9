"""With other plugins and other ways to run pytest."""

from __future__ import annotations

import pytest

SUITE = """
    from counting import Counter, count, count_safely

    def test_racy():
        assert count(Counter()) == 2

    def test_safe():
        assert count_safely(Counter()) == 2
"""


def test_with_xdist(project, explored) -> None:
    """-n 2 finds what one process finds; missed with less than 1e-7 (conftest)."""
    project.makepyfile(SUITE)
    result = explored("-n2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_racy - RaceFound: *"])


def test_with_repeat(project, explored) -> None:
    """--count=3 makes three campaigns of every test; missed with less than 1e-7 each (conftest)."""
    project.makepyfile(SUITE)
    explored("--count=3").assert_outcomes(passed=3, failed=3)


def test_with_randomly(project, explored) -> None:
    """pytest-randomly reseeds module random for each test, which takes nothing from the delays."""
    project.makepyfile(SUITE)
    result = explored("-p", "randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)


def test_with_timeout(project, plain) -> None:
    """A campaign keeps to its share of its test's time limit, which leaves time for all else."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely

        @pytest.mark.timeout(8)
        def test_safe():
            assert count_safely(Counter()) == 2

        @pytest.mark.timeout(20)
        @pytest.mark.racecheck(schedules=1)
        def test_short():
            assert count_safely(Counter()) == 2
    """)
    result = plain("-p", "pytest_timeout", "--racecheck", "--racecheck-schedules=1000000", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*::test_safe PASSED [[]* runs[]]*",
            "inconclusive: *::test_short: the budget (1 run, 8 s) ended before any run was jittered",
        ]
    )


@pytest.mark.parametrize("func_only", ["false", "true"])
def test_a_test_that_exceeds_its_time_limit(project, plain, func_only) -> None:
    """What pytest-timeout raises in a later run ends the campaign and is never called a race."""
    # A campaign that keeps to its share would end by itself where the machine is so slow that it comes to no later run in time.
    project.makeconftest("from pytest_racecheck.plugin import limits; limits._SHARE = 1.0")
    project.makepyfile("""
        import itertools
        import time
        from counting import Counter, count_safely

        RUNS = itertools.count(1)  # an iterator's position is not put back between runs

        def test_slow():
            assert count_safely(Counter()) == 2
            if next(RUNS) == 3:
                time.sleep(30)
    """)
    result = plain("--racecheck", "--timeout=4", "-o", f"timeout_func_only={func_only}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*Failed: Timeout *"])
    assert "RaceFound" not in result.stdout.str()


def test_with_cov(project, explored) -> None:
    """Coverage of the code that is explored is measured, and the race is found; missed with less than 1e-7 (conftest)."""
    project.makepyfile(SUITE)
    result = explored("--cov=counting", "--cov-report=term-missing")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r"counting\.py +26 +2 +92% +32-33"])


def test_with_importlib_mode(project, explored) -> None:
    """--import-mode=importlib makes no difference; missed with less than 1e-7 (conftest)."""
    project.makepyfile(SUITE)
    explored("--import-mode=importlib").assert_outcomes(passed=1, failed=1)


def test_inside_given(project, explored) -> None:
    """A `@given` test that starts threads itself is explored like any other; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        from hypothesis import given, settings, strategies as st
        from counting import Counter, count, count_safely

        quick = settings(max_examples=5, deadline=None, database=None)

        @quick
        @given(st.booleans())
        def test_safe(flag):
            assert count_safely(Counter()) == 2

        @quick
        @given(st.booleans())
        def test_racy(flag):
            assert count(Counter()) == 2
    """)
    loaded = ("-p", "_hypothesis_pytestplugin")
    result = explored(*loaded, "--racecheck-schedules=60", "-o", "racecheck_keep_going=false")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_racy - RaceFound: *"])


def test_turned_off(project, plain) -> None:
    """-p no:racecheck takes everything away."""
    project.makepyfile("def test_it(): pass")
    plain("-p", "no:racecheck").assert_outcomes(passed=1)
    result = plain("-p", "no:racecheck", "--racecheck")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
