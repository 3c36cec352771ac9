"""`pytest --racecheck` on tests as they stand."""

from __future__ import annotations

import pytest


def test_a_race_is_found(project, explored) -> None:
    """A lost update fails its test with RaceFound, after the test's own traceback; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        from counting import Counter, count

        def test_count():
            assert count(Counter()) == 2
    """)
    result = explored()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        ">*assert count(Counter()) == 2",
        "E*assert 1 == 2",
        "test_a_race_is_found.py:4: AssertionError",
        "The above exception was the direct cause of the following exception:",
        "E   RaceFound: *",
        "E*one task after another in none of*",
        "E   same delays again: --racecheck-seed=*",
        "FAILED test_a_race_is_found.py::test_count - RaceFound: *",
    ])  # fmt: skip
    assert "pytest_racecheck/plugin" not in result.stdout.str()


def test_a_safe_test_passes(project, explored) -> None:
    """The same under a lock passes, and says in how many runs."""
    project.makepyfile("""
        from counting import Counter, count_safely

        def test_count():
            assert count_safely(Counter()) == 2
    """)
    result = explored("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*::test_count PASSED [[]60 runs[]]*"])


def test_what_starts_nothing_runs_once(project, explored, notes) -> None:
    """Tests without concurrency run once and are reported as always."""
    project.makepyfile("""
        import pytest
        from counting import note

        def test_passes(tmp_path):
            note("passes")

        def test_fails():
            note("fails")
            assert False

        def test_skips():
            note("skips")
            pytest.skip("why not")

        @pytest.mark.xfail
        def test_xfails():
            note("xfails")
            assert False
    """)
    result = explored("-v")
    result.assert_outcomes(passed=1, failed=1, skipped=1, xfailed=1)
    assert notes() == ["passes", "fails", "skips", "xfails"]
    assert "racecheck ==" not in result.stdout.str()
    assert "PASSED [1" not in result.stdout.str()


def test_a_test_that_fails_anyway_is_no_race(project, explored) -> None:
    """A wrong expectation about a concurrent program fails as it always did, and nobody speaks of a race."""
    project.makepyfile("""
        from counting import Counter, count_safely

        def test_count():
            assert count_safely(Counter()) == 3
    """)
    result = explored("-rA")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*assert 2 == 3", "FAILED *::test_count - assert 2 == 3*"])
    assert "RaceFound" not in result.stdout.str()


def test_random_inputs_stay_the_same(project, explored) -> None:
    """Module random starts every run where the first began, so bad luck in one run is not called a race."""
    project.makepyfile("""
        import random
        from counting import Counter, count_safely

        FIRST = []

        def test_count():
            FIRST.append(random.random())
            assert count_safely(Counter()) == 2
            assert FIRST[0] == FIRST[-1]
    """)
    explored().assert_outcomes(passed=1)


def test_unittest_and_classes(project, explored) -> None:
    """TestCase methods and methods of plain classes are explored like functions; missed with less than 1e-7 each."""
    project.makepyfile("""
        import unittest
        from counting import Counter, count, count_safely

        class TestPlain:
            def setup_method(self):
                assert not hasattr(self, "counter"), "an instance of its own for every run"
                self.counter = Counter()

            def test_racy(self):
                assert count(self.counter) == 2

            def test_safe(self):
                assert count_safely(self.counter) == 2

        class Case(unittest.TestCase):
            def setUp(self):
                assert not hasattr(self, "counter")
                self.counter = Counter()

            def test_racy(self):
                self.assertEqual(count(self.counter), 2)

            def test_safe(self):
                self.assertEqual(count_safely(self.counter), 2)

            def test_wrong(self):
                self.assertEqual(count_safely(self.counter), 3)
    """)
    result = explored("-v")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random([
        "*::TestPlain::test_racy FAILED*",
        "*::TestPlain::test_safe PASSED [[]60 runs[]]*",
        "*::Case::test_racy FAILED*",
        "*::Case::test_safe PASSED [[]60 runs[]]*",
        "FAILED *::TestPlain::test_racy - RaceFound*",
        "FAILED *::Case::test_racy - RaceFound*",
        "FAILED *::Case::test_wrong - AssertionError: 2 != 3*",
    ])  # fmt: skip


def test_coroutines_and_doctests_run_as_always(project, explored) -> None:
    """Items that are no plain test functions are left alone."""
    project.makepyfile('''
        import asyncio, inspect, pytest
        from counting import note

        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            pass

        async def test_coroutine():
            note("coroutine")

        def documented():
            """
            >>> from counting import Counter, count_safely
            >>> count_safely(Counter())
            2
            """
    ''')
    project.makeconftest("""
        import asyncio, inspect

        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                asyncio.run(pyfuncitem.obj())
                return True
    """)
    result = explored("--doctest-modules", "-v")
    result.assert_outcomes(passed=2)
    assert " runs]" not in result.stdout.str()


def test_a_skip_in_a_later_run_is_no_failure(project, explored) -> None:
    """A body that skips itself in a later run passed that run."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count_safely

        RUNS = []

        def test_count():
            RUNS.append(1)
            assert count_safely(Counter()) == 2
            if len(RUNS) > 5:
                pytest.skip("enough")
    """)
    explored().assert_outcomes(passed=1)


def test_output_of_one_run_is_shown(project, explored) -> None:
    """Of all that the runs print and log, only the first failing run's is shown; missed with less than 1e-7."""
    project.makepyfile("""
        import logging
        from counting import Counter, count

        def test_count(caplog):
            print("to be seen once")
            logging.getLogger("racy").warning("logged once")
            assert len(caplog.records) == 1
            assert count(Counter()) == 2
    """)
    result = explored()
    result.assert_outcomes(failed=1)
    text = result.stdout.str().partition("Captured stdout call")[2]
    assert text.count("to be seen once") == 1
    assert text.count("logged once") == 1


def test_warnings_are_those_of_one_run(project, explored) -> None:
    """A warning that every run gives is told once."""
    project.makepyfile("""
        import warnings
        from counting import Counter, count_safely

        def test_count():
            warnings.warn("only once, please")
            assert count_safely(Counter()) == 2
    """)
    explored().assert_outcomes(passed=1, warnings=1)


def test_subtests_are_judged_like_anything_else(project, explored) -> None:
    """One that fails in a later run is that run's failure, shown where it failed; those that pass or skip in it are not told again."""
    pytest.importorskip("_pytest.subtests")
    project.makepyfile("""
        import pytest
        from counting import Counter, count

        def test_count(subtests):
            with subtests.test("first"):
                pass
            with subtests.test("skipped"):
                pytest.skip("no")
            counter = Counter()
            value = count(counter)
            with subtests.test("value"):
                assert value == 2
    """)
    result = explored("--racecheck-seed=1", "--racecheck-mode=explore", "-v")
    result.stdout.fnmatch_lines(["E*assert 1 == 2", "*RaceFound: lost update on Counter.value *"])
    result.stdout.no_fnmatch_line("*_hookexec*")
    shown = result.stdout.str()
    assert shown.count("SUBPASSED[first]") == shown.count("SUBSKIPPED[skipped]") == 1
