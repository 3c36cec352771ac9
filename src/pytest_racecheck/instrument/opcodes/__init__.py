"""Every opcode of every supported CPython, decided: hooked, or private because it touches nothing shared.

One module a version lists both sets in full; nothing is left to a default. An opcode that neither lists makes
`is_hooked` raise, so that code of an unknown interpreter is left as it is and is named rather than half covered.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Table:
    """The opcodes of one version by name: those a hook goes before, and those that need none."""

    hooked: frozenset[str]
    private: frozenset[str]


class UnknownOpcode(LookupError):
    """An instruction of this interpreter is in no table."""


@cache
def table(version: tuple[int, int] = sys.version_info[:2]) -> Table:
    """The table of that version, or of the newest known one for a version that is newer still."""
    known = min(version, (3, 15))
    module = importlib.import_module(f"{__name__}.py{known[0]}{known[1]}")
    return Table(frozenset(module.HOOKED), frozenset(module.PRIVATE))


def is_hooked(opname: str) -> bool:
    """Whether a hook goes before that instruction."""
    if opname in table().hooked:
        return True
    if opname in table().private:
        return False
    raise UnknownOpcode(
        f"opcode {opname} of CPython {sys.version_info[0]}.{sys.version_info[1]} is in no table\n"
        "expected every opcode to be listed as hooked or private\n"
        "add it to instrument/opcodes, or use an interpreter that is supported"
    )
