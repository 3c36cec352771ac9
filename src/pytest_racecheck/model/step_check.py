"""A short check of what the steps of a run were, equal in every process: what a replay compares before it goes on.

Hashes of Python differ from process to process, so the numbers of a step are folded by hand (after Fowler, Noll and Vo). The low bits of such a
product depend only on the low bits of what went in; so the check is taken from the high ones.
"""

from __future__ import annotations

from pytest_racecheck.model.operation import Kind
from pytest_racecheck.model.trace import Action

_BASIS = 2_166_136_261
_PRIME = 16_777_619
_WORD = 0xFFFF_FFFF
# Instructions are numbered from 0, other actions from here: all fit into one byte.
_FIRST_ACTION = 128
_NUMBERS: dict[Kind | Action, int] = {
    **{kind: number for number, kind in enumerate(Kind)},
    **{action: number for number, action in enumerate(Action, _FIRST_ACTION)},
}
_MEANINGS = {number: what for what, number in _NUMBERS.items()}


def kind_number(what: Kind | Action) -> int:
    """The number of what a step does, below 256. Part of every token: new kinds go to the end of their enumeration."""
    return _NUMBERS[what]


def kind_of(number: int) -> Kind | Action | None:
    """What has that number; None if nothing has."""
    return _MEANINGS.get(number)


class StepCheck:
    """Takes in steps one by one; `byte` and `whole` are 8 and 24 bits that depend on all of them and on their order."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value = _BASIS

    def add(self, task: int, kind: int, line: int) -> None:
        """A step of task number `task`, at `line`, of the kind with that number."""
        value = ((self._value ^ task) * _PRIME) & _WORD
        value = ((value ^ kind) * _PRIME) & _WORD
        self._value = ((value ^ line) * _PRIME) & _WORD

    @property
    def byte(self) -> int:
        """A check of 8 bits."""
        return self._value >> 24

    @property
    def whole(self) -> int:
        """A check of 24 bits."""
        return self._value >> 8
