"""The command line, its ini twins, and what is said about mistakes in them."""

from __future__ import annotations

import re

import pytest

SAFE = """
    from counting import Counter, count_safely

    def test_count():
        assert count_safely(Counter()) == 2
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "pytest.ini",
            "[pytest]\nracecheck = true\nracecheck_schedules = 7\nracecheck_seconds = 50\n",
        ),
        (
            "tox.ini",
            "[pytest]\nracecheck = yes\nracecheck_schedules = 7\nracecheck_scope =\n    json,\n    csv\n",
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\nracecheck = true\nracecheck_schedules = 7\nracecheck_scope = ["json"]\n',
        ),
        (
            "pyproject.toml",
            '[tool.pytest]\nracecheck = true\nracecheck_schedules = 7\nracecheck_seconds = 50.5\nracecheck_scope = ["json"]\n',
        ),
    ],
    ids=["ini", "ini-lists", "toml-text", "toml-native"],
)
def test_ini_twins(project, plain, name, text) -> None:
    """Every option can be written down, as text and in native TOML; the command line goes before it."""
    if "[tool.pytest]" in text and pytest.version_tuple < (9,):
        pytest.skip("native TOML came with pytest 9")
    (project.path / "tox.ini").unlink()
    (project.path / name).write_text(text)
    project.makepyfile(SAFE)
    plain("-v").stdout.fnmatch_lines(["*PASSED [[]7 runs[]]*"])
    plain("-v", "--racecheck-schedules=4").stdout.fnmatch_lines(["*PASSED [[]4 runs[]]*"])


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("mode=fast", "--racecheck-mode is 'fast'; expected one of explore, jitter, prove"),
        ("schedules=0", "--racecheck-schedules is 0; expected a whole number of at least 1"),
        (
            "schedules=many",
            "--racecheck-schedules is 'many'; expected a whole number of at least 1",
        ),
        ("seconds=-1", "--racecheck-seconds is -1.0; expected a number of seconds greater than 0"),
        ("seed=x", "--racecheck-seed is 'x'; expected a whole number"),
        (
            "scope=a-b",
            "--racecheck-scope holds 'a-b'; expected module names such as 'package.module'",
        ),
        ("max-steps=0", "--racecheck-max-steps is 0; expected a whole number of at least 1"),
        (
            "start-method=x",
            "--racecheck-start-method is 'x'; expected one of fork, spawn, forkserver",
        ),
        (
            "mode=jitter --racecheck-replay=rc1:AAEIAgYGBnUMX0nE1eo",
            "--racecheck-mode is 'jitter' beside *",
        ),
        ("mode=prove", "not available yet: --racecheck-mode = 'prove'"),
        ("strategy=dpor", "not available yet: --racecheck-strategy = 'dpor'"),
        ("races", "not available yet: --racecheck-races"),
        ("races", "not available yet: --racecheck-races"),
        (
            "replay=rc1:A",
            "--racecheck-replay * expected a token as a report prints it, starting with rc1:*",
        ),
        (
            "replay=rc1:AAEIAgYGBnUMX0nE1eo@x",
            "--racecheck-replay ends in '@x'; expected nothing or, as in '@2', *",
        ),
        ("html=reports", "not available yet: --racecheck-html; *"),
        ("json=report", "not available yet: --racecheck-json; *"),
    ],
)
def test_mistakes_on_the_command_line(project, option, complaint) -> None:
    """An option that cannot be is named in one line with what was expected, and nothing runs."""
    result = project.runpytest_inprocess(*f"--racecheck-{option}".split())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])
    assert len(result.stderr.str().strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("racecheck_mode = fast", "ini option racecheck_mode is 'fast'; expected one of *"),
        (
            "racecheck_schedules = 0",
            "ini option racecheck_schedules is 0; expected a whole number of at least 1",
        ),
        ("racecheck_schedules = x", "ini option racecheck_schedules: *; expected a whole number"),
        ("racecheck_seconds = x", "ini option racecheck_seconds: *; expected a number"),
        ("racecheck_gc = maybe", "ini option racecheck_gc: *; expected true or false"),
        ("racecheck_races = true", "not available yet: ini option racecheck_races"),
        ("racecheck_html = there", "not available yet: ini option racecheck_html; *"),
    ],
)
def test_mistakes_in_the_file(project, line, complaint) -> None:
    """The same for the configuration file."""
    project.makeini(f"[pytest]\n{line}\n")
    result = project.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])


def test_help_and_markers_are_documented(project) -> None:
    """--help lists every option with its twin, --markers the marker."""
    text = project.runpytest_inprocess("--help").stdout.str()
    for word in ("mode", "schedules", "seconds", "seed", "strategy", "replay", "scope", "max-steps", "timeouts", "races",
                 "gc", "keep-going", "start-method", "strict", "html", "json"):  # fmt: skip
        assert f"--racecheck-{word}" in text
        assert f"racecheck_{word.replace('-', '_')}" in text
    project.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.racecheck(*"])


def test_strict_fails_what_has_no_verdict(project, plain) -> None:
    """A test without a verdict passes with a line in the summary, and fails with --racecheck-strict."""
    project.makepyfile(SAFE)
    result = plain("--racecheck", "--racecheck-schedules=1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["inconclusive: *::test_count: the budget (1 run, *"])
    result = plain("--racecheck", "--racecheck-schedules=1", "--racecheck-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   Inconclusive: *", "inconclusive, so failed: *"])


def test_keep_going_can_be_turned_off(project, plain) -> None:
    """With racecheck_keep_going = false a campaign ends with the first failing run that can be judged, long before its 1,000 runs.

    With 25 % or more failures, a hundred runs without the few that are needed have a probability below 1e-6.
    """
    project.makepyfile("""
        from counting import Counter, count

        def test_count():
            assert count(Counter()) == 2
    """)
    result = plain("--racecheck", "--racecheck-schedules=1000", "-o", "racecheck_keep_going=false")
    result.assert_outcomes(failed=1)
    found = re.search(
        r"^race found: \S+::test_count \((\d+) of (\d+) runs failed\)$",
        result.stdout.str(),
        re.MULTILINE,
    )
    assert found is not None
    assert int(found[2]) < 100
