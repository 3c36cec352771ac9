"""The instructions of a hook call, as each CPython version wants them.

A call takes its NULL below the callable up to 3.12 and above it from 3.13 on, and 3.11 wants a PRECALL. Whatever the version,
the object is copied from where it lies and the stack is afterwards as it was, so jumps, handlers and their depths stay valid.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from bytecode import Instr, Label
from bytecode.instr import CellVar, FreeVar, InstrLocation

from pytest_racecheck.instrument.placeholder import Placeholder, entry

#: The most a hook call adds to the stack: callable, NULL, object, site, two arguments.
STACK_USED: Final = 6

_NULL_BELOW = sys.version_info < (3, 13)
_PRECALL = sys.version_info < (3, 12)
_CELL_LOAD = "LOAD_CLOSURE" if _NULL_BELOW else "LOAD_FAST"

Location = InstrLocation | None


def _instr(name: str, location: Location, *arg: Any) -> Instr:
    return Instr(name, *arg, location=location)


def _callable(constant: Placeholder, location: Location) -> list[Instr]:
    null, load = _instr("PUSH_NULL", location), _instr("LOAD_CONST", location, constant)
    return [null, load] if _NULL_BELOW else [load, null]


def _finish(arguments: int, location: Location) -> list[Instr]:
    call = [_instr("CALL", location, arguments)]
    if _PRECALL:
        call.insert(0, _instr("PRECALL", location, arguments))
    return call


def hook_on_stack(
    hook: str, site: Placeholder, depth: int, location: Location, arguments: tuple[int, ...] = ()
) -> list[Instr]:
    """Call `hook(object, site, *arguments)` with the objects at those depths, none of which may be NULL."""
    return [
        *_callable(entry(hook), location),
        _instr("COPY", location, depth + 2),
        _instr("LOAD_CONST", location, site),
        *(_instr("COPY", location, at + 4 + n) for n, at in enumerate(arguments)),
        *_finish(2 + len(arguments), location),
        _instr("POP_TOP", location),
    ]


def hook_on_cell(
    hook: str, site: Placeholder, cell: CellVar | FreeVar | str, location: Location
) -> list[Instr]:
    """Call `hook(cell, site)`, whether or not the cell holds a value."""
    return [
        *_callable(entry(hook), location),
        _instr(_CELL_LOAD, location, cell),
        _instr("LOAD_CONST", location, site),
        *_finish(2, location),
        _instr("POP_TOP", location),
    ]


def hook_on_known(hook: str, site: Placeholder, location: Location) -> list[Instr]:
    """Call `hook(site)`, for a hook that knows its object."""
    return [
        *_callable(entry(hook), location),
        _instr("LOAD_CONST", location, site),
        *_finish(1, location),
        _instr("POP_TOP", location),
    ]


def as_callable(location: Location) -> list[Instr]:
    """Turn the value on top into a callable ready for its arguments."""
    null = [_instr("PUSH_NULL", location)]
    return [*null, _instr("SWAP", location, 2)] if _NULL_BELOW else null


def replace_by_method(function: str, special: Instr) -> list[Instr | Label]:
    """Replace the value on top by `function(value)`, ready to be called; for 3.14 and later.

    Where the function finds nothing, `special` itself is left to complain, so that the error is the interpreter's own.
    """
    location, found = special.location, Label()
    return [
        _instr("COPY", location, 1),
        *_callable(entry(function), location),
        _instr("SWAP", location, 2),
        _instr("SWAP", location, 3),
        *_finish(1, location),
        _instr("SWAP", location, 2),
        _instr("COPY", location, 2),
        _instr("POP_JUMP_IF_NOT_NONE", location, found),
        special,
        found,
        _instr("POP_TOP", location),
        *as_callable(location),
    ]
