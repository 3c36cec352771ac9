"""Constants that stand for what cannot be written to disk, until code is bound to its hooks.

Rewritten code holds the hooks, the sites and the module's globals as constants. None of them can be marshalled and all differ
from process to process, so rewriting puts a tuple in each place, and binding exchanges the tuples for the real objects.
"""

from __future__ import annotations

from typing import Final, TypeGuard

from pytest_racecheck.model.operation import Kind

#: Mark, name, spelling, number; of a site also its columns.
Placeholder = tuple[str, str, str, int, tuple[int, ...]]

_MARK: Final = "\0racecheck"

#: The names of what rewritten code calls; `binding.Gateway` has an attribute for each.
ACCESS: Final = "access"
CALL: Final = "call"
ENTER: Final = "enter"
LEAVE: Final = "leave"
GLOBALS: Final = "globals"
MODULES: Final = "modules"
NOTHING: Final = "nothing"
EXIT_METHOD: Final = "exit_method"
ASYNC_EXIT_METHOD: Final = "async_exit_method"

CODE: Final = "code"
SITE: Final = "site"


def entry(name: str) -> Placeholder:
    """Stands for one of the callables named above."""
    return (_MARK, name, "", 0, ())


def site(kind: Kind, name: str, line: int, columns: tuple[int, int, int]) -> Placeholder:
    """Stands for the `Site` of an instruction; file and function are those of the code around it."""
    return (f"{_MARK}:{SITE}", kind.name, name, line, columns)


def nested(index: int) -> Placeholder:
    """Stands for the rewritten form of the code object at `index` among the original's constants."""
    return (_MARK, CODE, "", index, ())


def is_placeholder(constant: object) -> TypeGuard[Placeholder]:
    """Whether a constant of rewritten code is one of ours."""
    return (
        type(constant) is tuple
        and len(constant) == 5
        and isinstance(constant[0], str)
        and constant[0].startswith(_MARK)
    )


def is_site(placeholder: Placeholder) -> bool:
    """Whether a placeholder stands for a site."""
    return placeholder[0] != _MARK
