"""Functions that look at a thing and at all that it holds: `pickle.dumps(thing)`, `copy.deepcopy(items)`, `json.dumps(items)`.

What is half changed inside of a thing is half changed in what they make of it. As one operation they read the thing, and of what it holds that which
anybody has touched. How deep that goes is bounded: of a list of ten thousand rows it would take longer than the program.

Elements of sets are left out. They come in an order of addresses, which is another one in each run.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from itertools import chain, islice
from types import FunctionType, ModuleType

from pytest_racecheck.runtime.threads.contents import holder, is_builtin
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    SEVERAL,
    Several,
    Touched,
    is_a,
    own_dict,
)

_DEEPEST, _MOST = 3, 100
#: By their modules.
IN_DEPTH = {
    "copy": frozenset({"deepcopy"}),
    "dataclasses": frozenset({"asdict", "astuple"}),
    "json": frozenset({"dump", "dumps"}),
    "pprint": frozenset({"pformat", "pp", "pprint"}),
    "_pickle": frozenset({"dump", "dumps"}),
    "marshal": frozenset({"dump", "dumps"}),
}
# They ask others for what an object is to be.
_CONTAINERS_ONLY = frozenset({"json", "pprint"})


def looked_at(thing: object, root: str = "") -> Touched | None:
    """What a function touches that looks at all of `thing`; `root` is its module."""
    if root in _CONTAINERS_ONLY and not is_a(thing, tuple) and holder(thing) is None:
        return None
    held = _held_in(thing)
    # A tuple is not shared itself.
    main = next(filter(None, map(whole, (thing, *held))), None)
    if main is None or not held:
        return main
    return (Several(main, [(one, False) for one in held]), SEVERAL, False)


def whole(thing: object) -> Touched | None:
    """A thing with all its attributes, or a container."""
    found = holder(thing)
    if found is not None:
        return (found, CONTENTS, False)
    if is_a(thing, (type, ModuleType)) or own_dict(thing) is None:
        return None
    return (thing, "__dict__", False)


def _held_in(thing: object) -> list[object]:
    """What it holds, and what that holds."""
    found: dict[int, object] = {id(thing): thing}
    level: list[object] = [thing]
    for _ in range(_DEEPEST):
        around, level = level, []
        for one in chain.from_iterable(map(_elements, around)):
            if id(one) not in found and len(found) <= _MOST:
                found[id(one)] = one
                level.append(one)
    return list(found.values())[1:]


def _elements(obj: object) -> Iterable[object]:
    """Got without running any code of its class."""
    if is_a(obj, dict):
        elements: Iterable[object] = dict.values(obj)
    elif is_a(obj, list):
        elements = list.__iter__(obj)
    elif is_a(obj, tuple):
        elements = tuple.__iter__(obj)
    elif is_a(obj, collections.deque):
        elements = collections.deque.__iter__(obj)
    elif is_a(obj, (type, ModuleType, FunctionType)) or is_builtin(type(obj)):
        return ()
    else:
        elements = (own_dict(obj) or {}).values()
    return [one for one in islice(elements, _MOST) if not _is_plain(one)]


def _is_plain(obj: object) -> bool:
    return type(obj) in (int, float, str, bytes, bool, type(None))
