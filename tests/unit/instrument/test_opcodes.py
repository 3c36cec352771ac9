"""Every opcode is decided, in a table for each version."""

from __future__ import annotations

import opcode
import sys

import pytest

from pytest_racecheck.instrument.opcodes import UnknownOpcode, is_hooked, table
from pytest_racecheck.instrument.opcodes.rules import BY_ARGUMENT, BY_DEPTH, CELLS, GLOBALS

VERSIONS = [(3, 11), (3, 12), (3, 13), (3, 14), (3, 15)]


def real_opcodes() -> set[str]:
    """The opcodes of the running interpreter, without the forms that it gives them while it runs."""
    specialised = {
        *getattr(opcode, "_specialized_instructions", ()),
        *getattr(opcode, "_specialized_opmap", ()),
    }
    return {
        name
        for name in opcode.opmap
        if name not in specialised and not name.startswith("INSTRUMENTED_")
    }


def test_every_opcode_of_this_interpreter_is_decided() -> None:
    """An opcode that no table lists must be found here, before it is a race that nobody sees."""
    listed = table().hooked | table().private
    assert len(real_opcodes()) > 90
    assert real_opcodes() - listed == set()


def test_no_opcode_is_listed_that_this_interpreter_does_not_have() -> None:
    """A table that lists what is not there was not made from the interpreter."""
    assert (table().hooked | table().private) - set(opcode.opmap) == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_opcode_is_both_hooked_and_private(version: tuple[int, int]) -> None:
    """The two sets of a version have nothing in common."""
    assert table(version).hooked & table(version).private == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_hooked_opcode_has_a_rule(version: tuple[int, int]) -> None:
    """What a table calls hooked is hooked by something."""
    rules = {*BY_DEPTH, *GLOBALS, *CELLS, *BY_ARGUMENT}
    assert table(version).hooked - rules == set()


@pytest.mark.parametrize(
    "name", ["LOAD_ATTR", "STORE_GLOBAL", "LOAD_DEREF", "FOR_ITER", "COMPARE_OP", "CONTAINS_OP"]
)
def test_shared_accesses_are_hooked(name: str) -> None:
    """The accesses that races are made of are hooked on every version."""
    assert all(name in table(version).hooked for version in VERSIONS)


def test_an_unknown_opcode_is_refused() -> None:
    """Code with an instruction that is in no table is not half covered."""
    with pytest.raises(UnknownOpcode, match="NO_SUCH_OP of CPython"):
        is_hooked("NO_SUCH_OP")


def test_a_newer_interpreter_gets_the_newest_table() -> None:
    """An interpreter from the future starts from what is known, and is refused only where it differs."""
    assert table((sys.version_info[0], 99)) == table(VERSIONS[-1])
