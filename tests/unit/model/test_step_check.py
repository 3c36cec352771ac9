"""The check of what the steps of a run were."""

from __future__ import annotations

from collections import Counter

from pytest_racecheck.model.operation import Kind
from pytest_racecheck.model.step_check import StepCheck, kind_number, kind_of
from pytest_racecheck.model.trace import Action


def check(*steps: tuple[int, int, int]) -> StepCheck:
    """The check of some steps."""
    made = StepCheck()
    for step in steps:
        made.add(*step)
    return made


def test_it_is_the_same_everywhere() -> None:
    """The value is fixed: not a matter of the process, its hash seed or the Python version."""
    made = check((0, 1, 10), (2, 130, 4_321))
    assert (made.byte, made.whole) == (made.whole >> 16, made.whole)
    assert made.whole == 0xE888D3


def test_everything_in_it_counts() -> None:
    """Task, kind, line and order all change it; so do lines that differ in high bits only."""
    variants = [
        check((1, 2, 3), (4, 5, 6)),
        check((4, 5, 6), (1, 2, 3)),
        check((2, 2, 3), (4, 5, 6)),
        check((1, 3, 3), (4, 5, 6)),
        check((1, 2, 259), (4, 5, 6)),
        check((1, 2, 3), (4, 5, 262)),
        check((1, 2, 3)),
        check(),
    ]
    assert len({variant.whole for variant in variants}) == len(variants)


def test_a_byte_of_it_is_evenly_spread() -> None:
    """Over 25,600 different steps each of the 256 values comes up at least 40 and at most 170 times."""
    seen = Counter(check((task, 3, line)).byte for task in range(5) for line in range(5_120))
    assert len(seen) == 256
    assert all(40 <= times <= 170 for times in seen.values())


def test_kinds_have_numbers_of_one_byte_and_back() -> None:
    """Every instruction and every action has a number of its own."""
    every = [*Kind, *Action]
    numbers = [kind_number(what) for what in every]
    assert [kind_of(number) for number in numbers] == every
    assert max(numbers) < 256
    assert kind_of(255) is None


def test_the_numbers_never_change() -> None:
    """Tokens hold them: a new kind goes to the end."""
    assert kind_number(Kind.LOAD_ATTR) == 0
    assert kind_number(Kind.IMPORT) == 22
    assert kind_number(Action.READ) == 128
    assert kind_number(Action.RAISE) == 140
