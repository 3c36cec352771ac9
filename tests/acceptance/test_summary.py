"""What a session says: header, verbose lines, the section at the end, junit."""

from __future__ import annotations

from xml.etree import ElementTree as ET

SUITE = """
    from counting import Counter, count, count_safely

    def test_racy():
        assert count(Counter()) == 2

    def test_safe():
        assert count_safely(Counter()) == 2
"""


def test_header_names_budget_and_seed(project, plain) -> None:
    """The header tells the budget of a test and the seed, given or drawn."""
    project.makepyfile("def test_it(): pass")
    result = plain("--racecheck", "--racecheck-seed=7", "--racecheck-schedules=9")
    result.stdout.fnmatch_lines(
        ["racecheck: jitter, at most 9 runs and 10 s a test, --racecheck-seed=7"]
    )
    plain("--racecheck").stdout.re_match_lines([r"racecheck: .*--racecheck-seed=\d+"])
    assert "racecheck:" not in plain().stdout.str()


def test_section_at_the_end(project, explored) -> None:
    """Races, counts and the seed are told at the end; -q and --no-summary are respected."""
    project.makepyfile(SUITE)
    result = explored("--racecheck-seed=5", "--racecheck-schedules=30")
    result.stdout.fnmatch_lines([
        "*= racecheck =*",
        "2 tests explored in 60 runs: 1 race found, 1 not found",
        "race found: *::test_racy (* of 30 runs failed)",
        "in scope: counting, test_section_at_the_end",
        "same delays again: --racecheck-seed=5",
    ])  # fmt: skip
    for option in ("-q", "--no-summary"):
        assert "tests explored" not in explored(option, "--racecheck-schedules=3").stdout.str()


def test_the_same_through_xdist(project, explored) -> None:
    """Workers share the controller's seed and their findings reach its summary; missed with less than 1e-7 (conftest)."""
    project.makepyfile(SUITE)
    result = explored("-n2", "-v", "--racecheck-seed=5")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines_random([
        "*PASSED [[]60 runs[]]*::test_safe*",
        "2 tests explored in 120 runs: 1 race found, 1 not found",
        "in scope: counting, test_the_same_through_xdist",
        "E   RaceFound: *",
    ])  # fmt: skip


def test_junit_properties(project, explored) -> None:
    """The junit file carries verdict, runs, failures and seed of each explored test."""
    project.makepyfile(SUITE)
    explored("--racecheck-schedules=70", "--junitxml=junit.xml")
    cases = ET.parse(project.path / "junit.xml").iter("testcase")
    found = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in cases
    }
    assert found["test_safe"].keys() == {
        "racecheck_verdict", "racecheck_runs", "racecheck_failures", "racecheck_seed"
    }  # fmt: skip
    assert found["test_safe"]["racecheck_verdict"] == "not found"
    assert found["test_safe"]["racecheck_runs"] == "70"
    assert found["test_racy"]["racecheck_verdict"] == "race found"


def test_the_scope_is_told_once(project, explored) -> None:
    """Reports of races leave it to the summary, which names every module only with -v; packages of markers are there."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count, count_safely

        def test_racy():
            assert count(Counter()) == 2

        @pytest.mark.racecheck(scope=["json"])
        def test_safe():
            import json
            assert count_safely(Counter()) == 2
    """)
    short = explored().stdout
    short.fnmatch_lines(["in scope: counting, json (* modules), test_the_scope_is_told_once"])
    assert short.str().count("in scope:") == 1
    explored("-v").stdout.fnmatch_lines(["in scope: counting, json, json.decoder, json.encoder, *"])


def test_expected_failures_are_expected(project, explored) -> None:
    """A race in a test that is marked xfail is no news."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count

        @pytest.mark.xfail
        def test_racy():
            assert count(Counter()) == 2
    """)
    result = explored()
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["1 test explored in 60 runs: 1 race found (1 expected)"])
    assert "race found: " not in result.stdout.str()
