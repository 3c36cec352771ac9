"""What a manager's server is asked, and what it has answered, for a report, without the objects that are in it being made.

An answer may hold proxies, and objects of the program's own. To make a proxy is to tell its server so, and its end once more; a class may do
anything when one of its objects is unpickled. In the run that is shown such calls would be steps that the schedule does not know. So what is no plain
value becomes a stand-in with the name of its class.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from pytest_racecheck.runtime.threads.values import as_text

_RETURNED = "#RETURN"
_REBUILT = frozenset({"RebuildProxy", "AutoProxy"})
# Their objects are nothing but their values.
_HARMLESS = frozenset({"builtins", "collections", "datetime", "decimal", "fractions", "uuid"})


class _StandIn:
    """For an object of another class; takes whatever pickles give to one."""

    def __new__(cls, *_arguments: Any, **_named: Any) -> _StandIn:
        return super().__new__(cls)

    def __call__(self, *_arguments: Any, **_named: Any) -> _StandIn:
        return self

    def __setstate__(self, _state: Any) -> None:
        pass

    def append(self, _item: Any) -> None:
        """As a list's."""

    def extend(self, _items: Any) -> None:
        """As a list's."""

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """The class, if it is harmless."""
        if module in _HARMLESS and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        return type("proxy" if name in _REBUILT else name.rpartition(".")[2], (_StandIn,), {})


def method_asked_for(request: bytes) -> str:
    """The method that a proxy calls."""
    _, name, *_ = _Unpickler(io.BytesIO(request)).load()
    return str(name)


def answer_as_text(answer: bytes) -> str | None:
    """The value that was returned; None where nothing was, or it cannot be told."""
    try:
        kind, value = _Unpickler(io.BytesIO(answer)).load()
    except Exception:
        return None
    return as_text(value) if kind == _RETURNED else None
