"""What a resource holds, as text, without running any of the program's code.

A program's own `__repr__` may take a lock that another task holds, or change what it looks at. So it is never called: an object of a class
that has one is shown by its class, and of dataclasses the fields are shown, one by one.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import reprlib
import sys
import weakref
from types import CellType, FunctionType, ModuleType
from typing import Any

from pytest_racecheck.runtime.threads import library_objects
from pytest_racecheck.runtime.threads.contents import ENVIRONMENT
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    Resource,
    class_of,
    contents_of,
    held_by,
    is_a,
    own_dict,
)

MISSING: Any = object()
_LONGEST = 40
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
# Their representations take locks of their own, or tell of the tool.
_CAREFUL = frozenset({"threading", "queue", "logging", "concurrent", "multiprocessing", "_thread"})


def shown(resource: Resource) -> str | None:
    """What it holds now; None where that cannot be told."""
    value = peek(resource)
    return None if value is MISSING else as_text(value)


def as_text(value: object) -> str:
    """A value as short text; of an object whose own text is not known to be harmless the class."""
    return _ADDRESS.sub("", _VALUES.repr(value))


def is_set_in_steps(resource: Resource, method: str) -> bool:
    """Whether that method, which sets an item or an attribute, is one in Python, with steps of its own that are seen."""
    holder = held_by(resource)
    found = class_of(type(holder), method)
    steps = found is not None and type(found.__dict__[method]) is FunctionType
    return steps and not library_objects.is_one(holder)


def peek(resource: Resource) -> Any:
    """What a resource holds now; `MISSING` where it cannot be told."""
    holder = held_by(resource)
    name = resource.name
    if type(holder) is ENVIRONMENT:
        # There may be secrets in it, and one variable would be lost among all of them.
        return MISSING
    if name == CONTENTS:
        return contents_of(holder) if type(holder) is CellType else holder
    if is_a(holder, dict):
        return holder.get(name, MISSING)
    own = None if is_a(holder, type) else own_dict(holder)
    if own is not None and name in own:
        return own[name]
    return _in_class(holder, name)


def _in_class(holder: object, name: str) -> Any:
    """A default, or what lies in a slot; what other descriptors would yield is not asked for."""
    kind = holder if is_a(holder, type) else type(holder)
    found = class_of(kind, name)
    held: Any = MISSING if found is None else found.__dict__[name]
    if kind is holder or not hasattr(type(held), "__get__"):
        return held
    if type(held).__name__ == "member_descriptor":
        try:
            return held.__get__(holder)
        except AttributeError:
            return MISSING
    return MISSING


class _Values(reprlib.Repr):
    """Short texts for values."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _LONGEST
        self.maxlevel = 3

    def repr1(self, x: Any, level: int) -> str:
        """`x` as text, or its type where it is not known to be harmless."""
        kind = type(x)
        if kind in _PLAIN:
            return super().repr1(x, level)
        if is_a(x, enum.Enum):
            return f"{kind.__name__}.{x._name_}"
        if issubclass(kind, (type, FunctionType)):
            return str(x.__name__)
        if issubclass(kind, weakref.ref):
            # Its own text is made of two addresses.
            return f"<{kind.__name__}>"
        if issubclass(kind, ModuleType):
            return f"<module {(own_dict(x) or {}).get('__name__')!r}>"
        if _is_dataclass_repr(kind):
            return self._dataclass(x, level)
        if _is_harmless(kind):
            return super().repr1(x, level)
        return f"<{kind.__name__}>"

    def _dataclass(self, x: Any, level: int) -> str:
        if level <= 0:
            return f"{type(x).__name__}(...)"
        parts = []
        for field in dataclasses.fields(x)[: self.maxtuple]:
            if field.repr:
                value = (own_dict(x) or {}).get(field.name, MISSING)
                text = "..." if value is MISSING else self.repr1(value, level - 1)
                parts.append(f"{field.name}={text}")
        return f"{type(x).__name__}({', '.join(parts)})"


_PLAIN = frozenset({
    int, float, complex, bool, str, bytes, bytearray, type(None), type(...), list, tuple, dict, set, frozenset,
})  # fmt: skip


def _is_dataclass_repr(kind: type) -> bool:
    method = kind.__repr__
    return dataclasses.is_dataclass(kind) and hasattr(method, "__wrapped__")


def _is_harmless(kind: type) -> bool:
    """Its representation is written in C and no mere address, or the standard library's; and nothing is asked of it by its own code."""
    method: Any = kind.__repr__
    if method is object.__repr__ or type(kind.__getattribute__) is FunctionType:
        return False
    root = str(getattr(method, "__module__", kind.__module__) or "").partition(".")[0]
    if isinstance(method, FunctionType):
        return root in sys.stdlib_module_names and root not in _CAREFUL
    return kind.__module__.partition(".")[0] not in _CAREFUL and not isinstance(
        kind.__dict__.get("__str__"), FunctionType
    )


_VALUES = _Values()
