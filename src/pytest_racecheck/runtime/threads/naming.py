"""What the source calls a resource: found where it is held, when a report needs it.

An attribute is named by the class of what holds it, a global by itself. A lock, a queue or a container is named by whatever holds it: an
attribute of an object or a class of the program, a global, an element of something that has a name, a variable of a function, and only then
an attribute of a library's object, such as the lock of a Condition. Where several hold it, the one whose name stands in the source
at the place that touches it comes first: of a list that the program keeps in `Cache._entries` a test may have made its own `RESULTS`. Where
that place says `self`, an object is touched by a method of its own, and its class is what the source calls it.
Among equals the first by the alphabet is taken, so that a name is the same in every run. Where nothing holds it by a name, the expression in
the source that reached it has to do.

To look never runs any of the program's code: no class check asks an object for its class, and dictionaries are read as such.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from types import CellType, FrameType, FunctionType, ModuleType
from typing import Any

from pytest_racecheck.model.operation import Site
from pytest_racecheck.runtime.threads.contents import ENVIRONMENT, WRAPPED_CONTAINERS
from pytest_racecheck.runtime.threads.library import variables_of
from pytest_racecheck.runtime.threads.referrers import Referrers
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    Resource,
    held_by,
    is_a,
    namespace_of,
    own_dict,
)
from pytest_racecheck.runtime.threads.spelling import spelled

# How good a name is, best first.
_ATTRIBUTE, _GLOBAL, _ELEMENT, _VARIABLE, _LIBRARY, _PRIVATE = range(6)
# What runs tests, and keeps the values of their fixtures.
_OURS = frozenset({"pytest_racecheck", "_pytest", "pluggy", "hypothesis"})
_HEAP_TYPE = 1 << 9
# Containers are named by what holds them, and that by what holds it.
_DEEPEST = 2
_MOST_REFERRERS = 200
# What methods call the object and the class that they belong to.
_OWN = frozenset({"self", "cls"})

Name = tuple[int, str]


class _Search:
    """One search for names: among the variables of `frames`, and among whatever refers to a thing."""

    def __init__(self, frames: Sequence[FrameType]) -> None:
        self.frames = frames
        self.referrers = Referrers()


def resource_name(resource: Resource, site: Site | None, frames: Iterable[FrameType] = ()) -> str:
    """The name of a resource, as the source spells it; `site` is a place that touches it, `frames` are of functions that run."""
    holder = held_by(resource)
    if resource.name != CONTENTS:
        return _attribute_name(holder, resource.name)
    if type(holder) is CellType:
        return site.name if site is not None and site.name else "a closure variable"
    return _best(holder, list(frames), site, _ELEMENT)


def name_of(obj: object, frames: Iterable[FrameType] = (), site: Site | None = None) -> str:
    """What holds `obj`, by its name; or the expression at `site` that is `obj`; or else its type."""
    return _best(obj, list(frames), site, _VARIABLE)


def _best(obj: object, frames: Sequence[FrameType], site: Site | None, enough: int) -> str:
    """The best name of those that hold it if it is as good as `enough`, else what the source says at `site`."""
    spelling = spelled(site) if site is not None else ""
    if spelling == "super":
        # It is the object itself, seen as one of another class.
        spelling, enough = "", max(enough, _VARIABLE)
    kind = type(obj)
    if kind is ENVIRONMENT:
        return "os.environ"
    if spelling in _OWN and kind.__flags__ & _HEAP_TYPE and not _is_library(kind):
        return kind.__name__
    last = spelling.rpartition(".")[2]
    names = sorted(_names(obj, _Search(frames), _DEEPEST), key=lambda name: _order(name, last))
    if names and names[0][0] <= enough:
        return names[0][1]
    return spelling or (names[0][1] if names else f"a {kind.__name__}")


def _order(name: Name, spelled_last: str) -> tuple[bool, int, str]:
    """What is held as the source spells it comes first, but for variables: those are many, and somebody's own."""
    quality, text = name
    meant = quality < _ELEMENT and text.rpartition(".")[2] == spelled_last
    return (not meant, quality, text)


def frames_from(innermost: Iterable[FrameType | None]) -> Iterator[FrameType]:
    """All frames outwards from those, each once, the outermost of each first."""
    seen: set[int] = set()
    for frame in innermost:
        chain: list[FrameType] = []
        while frame is not None and id(frame) not in seen:
            seen.add(id(frame))
            chain.append(frame)
            frame = frame.f_back
        yield from reversed(chain)


def _attribute_name(holder: Any, name: str) -> str:
    if is_a(holder, (dict, ModuleType)) or holder is None:
        return name
    owner: Any = holder if is_a(holder, (type, FunctionType)) else type(holder)
    return f"{owner.__name__}.{name}"


def _names(obj: object, search: _Search, depth: int) -> Iterator[Name]:
    yield from _variables(obj, search.frames)
    if type(obj) is dict:
        yield from _as_namespace(obj, search.referrers)
    holders = search.referrers.of(obj)[:_MOST_REFERRERS]
    search.referrers.ask([one for one in holders if _is_step(one)])
    for holder in holders:
        if holder is not search.frames:
            yield from _names_in(holder, obj, search, depth)


def _is_step(holder: object) -> bool:
    """Whether it is a step on the way to a name, and no name itself."""
    kind = type(holder)
    return kind in (list, tuple, CellType) or (kind is dict and not _is_module(holder))  # type: ignore[arg-type]


def _as_namespace(obj: dict[Any, Any], referrers: Referrers) -> Iterator[Name]:
    """What holds attributes in it, where it is the `__dict__` of something."""
    if _is_module(obj):
        yield (_GLOBAL, f"{obj['__name__']}.__dict__")
    elif (owner := _owner_of(obj, referrers)) is not None:
        yield from _names_in_owner(owner, ["__dict__"])


def _is_module(namespace: dict[Any, Any]) -> bool:
    return "__name__" in namespace and ("__builtins__" in namespace or "__spec__" in namespace)


def _variables(obj: object, frames: Sequence[FrameType]) -> Iterator[Name]:
    """The variable that holds it in the outermost function that has one."""
    for frame in frames:
        for name, value in variables_of(frame).items():
            if value is obj and name != "self" and name.isidentifier():
                yield (_VARIABLE, name)
                return


def _names_in(holder: Any, obj: object, search: _Search, depth: int) -> Iterator[Name]:
    if is_a(holder, dict):
        yield from _names_in_dict(holder, obj, search, depth)
    elif type(holder) is CellType:
        name = _name_of_cell(holder, search.referrers)
        if name is not None and name != "self":
            yield (_VARIABLE, name)
    elif type(holder) in (list, tuple):
        places = [place for place, value in enumerate(holder) if value is obj]
        if places and depth:
            yield from _elements(holder, f"[{places[0]}]", search, depth)
    elif is_a(holder, WRAPPED_CONTAINERS):
        yield from _names(holder, search, depth - 1) if depth else ()
    elif type(holder).__flags__ & _HEAP_TYPE and not _is_ours(type(holder)):
        for name, value in _attributes(holder):
            if value is obj and not _is_hidden(type(holder)):
                yield (_quality(type(holder), name), _attribute_name(holder, name))


def _quality(kind: type, name: str) -> int:
    if _is_library(kind):
        return _PRIVATE if name.startswith("_") else _LIBRARY
    return _ATTRIBUTE


def _is_hidden(kind: type) -> bool:
    """Whether it is a class that the library keeps to itself: nobody knows it."""
    return kind.__name__.startswith("_") and _is_library(kind)


def _is_library(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in _OURS


def _attributes(holder: Any) -> Iterator[tuple[str, object]]:
    """An object's own attributes, found without running any code of its class."""
    own = own_dict(holder)
    if own is not None:
        yield from ((name, value) for name, value in list(own.items()) if type(name) is str)
    for base in type(holder).__mro__:
        for name, slot in list(base.__dict__.items()):
            if type(slot).__name__ == "member_descriptor":
                try:
                    yield name, slot.__get__(holder)
                except AttributeError:
                    continue


def _names_in_dict(
    holder: dict[Any, Any], obj: object, search: _Search, depth: int
) -> Iterator[Name]:
    keys = [key for key, value in list(dict.items(holder)) if value is obj]
    if not keys:
        return
    if type(holder) is dict and _is_module(holder):
        root = str(holder["__name__"]).partition(".")[0]
        if root not in _OURS:
            for key in keys:
                yield (_LIBRARY if root in sys.stdlib_module_names else _GLOBAL, str(key))
        return
    owner = _owner_of(holder, search.referrers)
    if owner is None:
        if depth and type(keys[0]) in (str, int):
            yield from _elements(holder, f"[{keys[0]!r}]", search, depth)
    elif is_a(owner, WRAPPED_CONTAINERS) and keys == ["data"] and depth:
        yield from _names(owner, search, depth - 1)
    else:
        yield from _names_in_owner(owner, [key for key in keys if type(key) is str])


def _names_in_owner(owner: object, names: Sequence[str]) -> Iterator[Name]:
    """The attributes of an object or of a class."""
    kind: Any = owner if is_a(owner, type) else type(owner)
    if not _is_ours(kind) and not _is_hidden(kind):
        for name in names:
            yield (_quality(kind, name), _attribute_name(owner, name))


def _elements(container: object, place: str, search: _Search, depth: int) -> Iterator[Name]:
    for quality, name in sorted(_names(container, search, depth - 1))[:1]:
        if quality <= _VARIABLE:
            yield (_ELEMENT, f"{name}{place}")


def _owner_of(namespace: dict[Any, Any], referrers: Referrers) -> object | None:
    for owner in referrers.of(namespace):
        if is_a(owner, type):
            if namespace_of(owner) is namespace:
                return owner
        elif is_a(owner, ModuleType) or not type(owner).__flags__ & _HEAP_TYPE:
            continue
        elif own_dict(owner) is namespace:
            return owner
    return None


def _name_of_cell(cell: CellType, referrers: Referrers) -> str | None:
    for holder in referrers.of(cell):
        for closure in referrers.of(holder) if type(holder) is tuple else []:
            if type(closure) is FunctionType and closure.__closure__ is holder:
                return _free_name(closure.__code__.co_freevars, closure.__closure__ or (), cell)
    return None


def _free_name(names: tuple[str, ...], closure: tuple[object, ...], cell: CellType) -> str | None:
    return next((name for name, held in zip(names, closure, strict=True) if held is cell), None)
