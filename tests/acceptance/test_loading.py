"""Ways to load the plugin, and what it costs to have it installed."""

from __future__ import annotations

import pytest

SUITE = """
    def test_it(thread_race):
        thread_race([int, int], schedules=3).runs
"""
HEAVY = ("multiprocessing", "hypothesis", "bytecode", "cloudpickle", "greenlet", "ctypes")


@pytest.fixture
def by_hand(project, monkeypatch) -> None:
    """A session that loads no plugin by itself."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    project.makepyfile(SUITE)


@pytest.mark.parametrize("name", ["racecheck", "pytest_racecheck.plugin"])
def test_by_name(project, by_hand, name) -> None:
    """With autoloading off, -p loads it by either name."""
    project.runpytest_subprocess("-p", name, "--racecheck").assert_outcomes(passed=1)


def test_from_a_conftest(project, by_hand) -> None:
    """With autoloading off, `pytest_plugins` loads it."""
    project.makeconftest("pytest_plugins = ['pytest_racecheck.plugin']")
    project.runpytest_subprocess("--racecheck").assert_outcomes(passed=1)


def test_fixtures_alone(project, by_hand) -> None:
    """With autoloading off, fixtures can be imported, and reports have to be looked at all the same."""
    project.makeconftest("from pytest_racecheck.fixtures import race, thread_race")
    project.makepyfile(
        test_more="""
        def test_without_verdict(thread_race):
            thread_race([int, int], schedules=1)
    """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E   The test never looked at this report*"])


@pytest.mark.parametrize("how", ["-p", "pytest_plugins", "import"])
def test_twice_does_no_harm(project, how) -> None:
    """Loading by hand what is loaded already changes nothing."""
    project.makepyfile(SUITE)
    if how == "pytest_plugins":
        project.makeconftest("pytest_plugins = ['pytest_racecheck.plugin']")
    elif how == "import":
        project.makeconftest("from pytest_racecheck.fixtures import thread_race")
    args = ("-p", "pytest_racecheck.plugin") if how == "-p" else ()
    project.runpytest_subprocess("--racecheck", *args).assert_outcomes(passed=1)


def test_installed_but_off_nothing_heavy_is_imported(project) -> None:
    """A session without --racecheck and without fixtures imports pytest, the standard library, and our plain data only."""
    project.makepyfile(f"""
        import sys

        def test_it():
            ours = sorted(name for name in sys.modules if name.startswith("pytest_racecheck."))
            assert not {{name.split(".")[0] for name in sys.modules}} & set({HEAVY})
            assert {{name.split(".")[1] for name in ours}} == {{"model", "plugin"}}
            assert len(ours) <= 12, ours
    """)
    project.runpytest_subprocess(
        "-p",
        "no:xdist",
        "-p",
        "no:xdist.looponfail",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:randomly",
        "-p",
        "no:pytest_cov",
    ).assert_outcomes(passed=1)
