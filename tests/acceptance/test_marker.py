"""`@pytest.mark.racecheck`."""

from __future__ import annotations

import pytest

RACY = """
    import pytest
    from counting import Counter, count, count_safely, concurrently, note
"""


def test_an_expected_race(project, explored) -> None:
    """expect="race" turns a race into a pass, and its absence into a failure; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count, count_safely

        pytestmark = pytest.mark.racecheck(expect="race")

        def test_racy():
            assert count(Counter()) == 2

        def test_safe():
            assert count_safely(Counter()) == 2

        def test_lonely():
            assert Counter().value == 0

        def test_wrong():
            assert Counter().value == 1
    """)
    result = explored("-v")
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines_random([
        "*::test_racy PASSED [[]60 runs[]]*",
        "E   RaceNotFound: expected a race in test_safe, found none: *",
        "E   RaceNotFound: expected a race, but the test starts no thread and no process",
        "FAILED *::test_wrong - *assert 0 == 1*",
        "*1 race found (1 expected), 1 not found",
    ])  # fmt: skip


def test_expected_race_free(project, explored) -> None:
    """expect="race-free" passes what has no race and does not accept a missing verdict."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely

        @pytest.mark.racecheck(expect="race-free")
        def test_safe():
            assert count_safely(Counter()) == 2

        @pytest.mark.racecheck(expect="race-free", schedules=1)
        def test_hardly_looked_at():
            assert count_safely(Counter()) == 2
    """)
    result = explored()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E   Inconclusive: test_hardly_looked_at: the budget *"])


def test_skip_leaves_a_test_out(project, explored, notes) -> None:
    """skip="reason" makes a concurrent test run once."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely, note

        @pytest.mark.racecheck(skip="takes a minute")
        def test_count():
            note("ran")
            assert count_safely(Counter()) == 2
    """)
    explored().assert_outcomes(passed=1)
    assert notes() == ["ran"]


def test_the_closest_marker_wins_word_by_word(project, explored) -> None:
    """Module, class and function markers add up, over the command line."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely

        pytestmark = pytest.mark.racecheck(schedules=5, seconds=50)

        @pytest.mark.racecheck(schedules=6, seed=3)
        class TestIt:
            @pytest.mark.racecheck(schedules=7)
            def test_seven(self):
                assert count_safely(Counter()) == 2

            def test_six(self):
                assert count_safely(Counter()) == 2

        def test_five():
            assert count_safely(Counter()) == 2
    """)
    result = explored("-v")
    result.stdout.fnmatch_lines([
        "*::test_seven PASSED [[]7 runs[]]*",
        "*::test_six PASSED [[]6 runs[]]*",
        "*::test_five PASSED [[]5 runs[]]*",
    ])  # fmt: skip


def test_without_the_switch_it_does_nothing(project, plain, notes) -> None:
    """Without --racecheck marked tests run once and no expectation is checked."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely, note

        @pytest.mark.racecheck(expect="race")
        def test_count():
            note("ran")
            assert count_safely(Counter()) == 2
    """)
    plain("--strict-markers").assert_outcomes(passed=1)
    assert notes() == ["ran"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("schedules=0", "marker argument schedules is 0; expected a whole number of at least 1"),
        ("mode='fast'", "marker argument mode is 'fast'; expected one of explore, jitter, prove"),
        ("mode='prove'", "not available yet: marker argument mode = 'prove'*"),
        ("expect='luck'", "marker argument expect is 'luck'; expected 'race' or 'race-free'"),
        ("skip=True", "marker argument skip is True; expected the reason, as text"),
        (
            "shedules=3",
            "marker argument shedules is not known (did you mean schedules?); expected one of expect, skip, *",
        ),
        (
            "scope='no_such_package'",
            "marker argument scope names 'no_such_package', which cannot be found; expected *",
        ),
        ("3", "marker racecheck got the positional argument 3; expected keywords only"),
    ],
)
def test_mistakes_name_the_test_and_the_argument(project, plain, arguments, complaint) -> None:
    """A marker that cannot be ends the session before any test, in one line, also without --racecheck."""
    project.makepyfile(f"""
        import pytest

        @pytest.mark.racecheck({arguments})
        def test_it():
            pass
    """)
    for options in ((), ("--racecheck",)):
        result = project.runpytest_inprocess(*options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: *::test_it: {complaint}"])
        assert len(result.stderr.str().strip().splitlines()) == 1
        assert "1 passed" not in result.stdout.str()


def test_mistakes_under_xdist(project, plain) -> None:
    """A worker cannot end the session, so the marked test fails, in the same words."""
    project.makepyfile("""
        import pytest

        @pytest.mark.racecheck(schedules=0)
        def test_it():
            pass
    """)
    result = plain("--racecheck", "-n1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*::test_it: marker argument schedules is 0; expected a whole number of at least 1"]
    )
    assert "INTERNALERROR" not in result.stdout.str()


def test_expectations_of_tests_that_ask_for_campaigns(project, plain) -> None:
    """The race fixtures heed `expect`, too, whatever the body makes of the reports; half of the schedules are missed with less than 1e-15."""
    project.makepyfile("""
        import pytest
        from counting import Counter

        def campaign(race, target):
            return race(target, setup=Counter, check=lambda c: c.value == 2, schedules=60)

        @pytest.mark.racecheck(expect="race-free")
        def test_not_free(thread_race):
            assert campaign(thread_race, Counter.increment).failures

        @pytest.mark.racecheck(expect="race-free")
        def test_free(thread_race):
            campaign(thread_race, Counter.increment_safely)

        @pytest.mark.racecheck(expect="race")
        def test_racy(thread_race):
            campaign(thread_race, Counter.increment).assert_race_free()

        @pytest.mark.racecheck(expect="race")
        def test_racy_unseen(thread_race):
            campaign(thread_race, Counter.increment)

        @pytest.mark.racecheck(expect="race")
        def test_safe(thread_race):
            campaign(thread_race, Counter.increment_safely).assert_race_free()

        @pytest.mark.racecheck(expect="race")
        def test_wrong(thread_race):
            campaign(thread_race, Counter.increment)
            raise KeyError("own")
    """)
    result = plain()
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines_random([
        "E   RaceFound: *",
        "E   The test is marked expect='race-free'.",
        "E   RaceNotFound: expected a race in 2 × increment_safely, found none*",
        "E   The test is marked expect='race'.",
        "FAILED *::test_wrong - KeyError: 'own'",
    ])  # fmt: skip
