"""Seeds: one for the session, one for each test, and the same delays from the same one."""

from __future__ import annotations

import re

COUNTS = """
    from counting import Counter, count

    def test_first():
        assert count(Counter()) == 2

    def test_second():
        assert count(Counter()) == 2
"""


def seeds(text: str) -> list[str]:
    """The seeds of the campaigns in a session's output."""
    return re.findall(r"^E\s+same delays again: .*seed=(\d+)", text, re.MULTILINE)


def test_seeds_hang_on_base_and_test_alone(project, explored) -> None:
    """Each test has its own seed, the same in another order or alone; missed with less than 1e-7 (conftest)."""
    project.makepyfile(COUNTS)
    both = seeds(explored("--racecheck-seed=11").stdout.str())
    alone = seeds(explored("--racecheck-seed=11", "-k", "second").stdout.str())
    other = seeds(explored("--racecheck-seed=12").stdout.str())
    assert len(set(both)) == 2
    assert alone == [both[1]]
    assert not set(both) & set(other)


def test_a_markers_seed_is_taken_as_it_is(project, explored) -> None:
    """An explicit seed is not derived from anything; missed with less than 1e-7 (conftest)."""
    project.makepyfile("""
        import pytest
        from counting import Counter, count

        @pytest.mark.racecheck(seed=42)
        def test_first():
            assert count(Counter()) == 2
    """)
    assert seeds(explored("--racecheck-seed=11").stdout.str()) == ["42"]


def test_a_drawn_seed_can_be_given_again(project, explored) -> None:
    """The seed in a failing test's output draws the same seeds again; missed with less than 1e-7 (conftest)."""
    project.makepyfile(COUNTS)
    first = explored().stdout.str()
    option = re.search(r"^same delays again: (--racecheck-seed=\d+)$", first, re.MULTILINE)
    assert option is not None
    assert seeds(explored(option[1]).stdout.str()) == seeds(first)


def test_repetitions_have_seeds_of_their_own(project, explored) -> None:
    """--count=3 of pytest-repeat makes three campaigns with three seeds; missed with less than 1e-7 (conftest)."""
    project.makepyfile(COUNTS)
    result = explored("--count=3", "-k", "first", "--racecheck-seed=11")
    result.assert_outcomes(failed=3)
    assert len(set(seeds(result.stdout.str()))) == 3


def test_a_failure_says_it_once(project, explored) -> None:
    """One line tells the seed in a report; a failure that is no verdict has it in a section; less than 1e-7 (conftest)."""
    project.makepyfile("""
        import threading
        from counting import Counter, count

        def test_race():
            assert count(Counter()) == 2

        def test_wrong():
            assert count(Counter()) == 3

        def test_asked(thread_race):
            thread_race(lambda: None)
            assert False
    """)
    text = explored("--racecheck-seed=11").stdout.str()
    race, wrong, asked = (
        text.partition(f"___ {name} ___")[2].partition("___ test_")[0].partition("= racecheck =")[0]
        for name in ("test_race", "test_wrong", "test_asked")
    )
    assert re.findall("^.*seed.*$", race, re.MULTILINE) == [
        f"E   same delays again: --racecheck-seed=11 (this test alone: @pytest.mark.racecheck(seed={seeds(text)[0]}))"
    ]
    for section in (wrong, asked):
        assert re.findall("^.*seed.*$", section, re.MULTILINE) == [
            "same delays again: --racecheck-seed=11"
        ]
