"""What the source calls a resource: found where it is held, when a report needs it.

An attribute is named by the class of what holds it, a global by itself. A lock, a queue or a container is named by whatever holds it: an
attribute of an object of the program, a global, an element of something that has a name, a variable of a function, and only then an
attribute of a library's object, such as the lock of a Condition. Among equals the first by the alphabet is taken, so that a name is the same in
every run. Where nothing holds it by a name, the expression in the source that reached it has to do.
"""

from __future__ import annotations

import ast
import gc
import linecache
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import CellType, FrameType, FunctionType, ModuleType
from typing import Any

from pytest_racecheck.model.operation import Site
from pytest_racecheck.runtime.threads.library import variables_of
from pytest_racecheck.runtime.threads.resources import CONTENTS, Resource

# How good a name is, best first.
_ATTRIBUTE, _GLOBAL, _ELEMENT, _VARIABLE, _LIBRARY, _PRIVATE = range(6)
_OURS = "pytest_racecheck"
_HEAP_TYPE = 1 << 9
# Containers are named by what holds them, and that by what holds it.
_DEEPEST = 2
_MOST_REFERRERS = 200

Name = tuple[int, str]


def resource_name(resource: Resource, site: Site | None, frames: Iterable[FrameType] = ()) -> str:
    """The name of a resource, as the source spells it; `site` is a place that touches it, `frames` are of functions that run."""
    holder: Any = resource.holder
    if isinstance(holder, weakref.ref):
        holder = holder()
    if resource.name != CONTENTS:
        return _attribute_name(holder, resource.name)
    if isinstance(holder, CellType):
        return site.name if site is not None and site.name else "a closure variable"
    names = sorted(_names(holder, list(frames), _DEEPEST))
    if names and names[0][0] < _VARIABLE:
        return names[0][1]
    spelling = spelled(site) if site is not None else ""
    return spelling or (names[0][1] if names else f"a {type(holder).__name__}")


def name_of(obj: object, frames: Iterable[FrameType] = (), site: Site | None = None) -> str:
    """What holds `obj`, by its name; or the expression at `site` that is `obj`; or else its type."""
    names = sorted(_names(obj, list(frames), _DEEPEST))
    if names and names[0][0] <= _VARIABLE:
        return names[0][1]
    spelling = spelled(site) if site is not None else ""
    return spelling or (names[0][1] if names else f"a {type(obj).__name__}")


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
    if isinstance(holder, dict) or holder is None:
        return name
    owner = holder if isinstance(holder, type) else type(holder)
    return f"{owner.__name__}.{name}"


def _names(obj: object, frames: Sequence[FrameType], depth: int) -> Iterator[Name]:
    yield from _variables(obj, frames)
    referrers = gc.get_referrers(obj)
    for holder in referrers[:_MOST_REFERRERS]:
        if holder is not referrers and holder is not frames:
            yield from _names_in(holder, obj, frames, depth)


def _variables(obj: object, frames: Sequence[FrameType]) -> Iterator[Name]:
    """The variable that holds it in the outermost function that has one."""
    for frame in frames:
        for name, value in variables_of(frame).items():
            if value is obj and name != "self" and name.isidentifier():
                yield (_VARIABLE, name)
                return


def _names_in(holder: Any, obj: object, frames: Sequence[FrameType], depth: int) -> Iterator[Name]:
    if isinstance(holder, dict):
        yield from _names_in_dict(holder, obj, frames, depth)
    elif isinstance(holder, CellType):
        name = _name_of_cell(holder)
        if name is not None and name != "self":
            yield (_VARIABLE, name)
    elif type(holder) in (list, tuple):
        places = [place for place, value in enumerate(holder) if value is obj]
        if places and depth:
            yield from _elements(holder, f"[{places[0]}]", frames, depth)
    elif type(holder).__flags__ & _HEAP_TYPE and not _is_ours(type(holder)):
        for name, value in _attributes(holder):
            if value is obj and not _is_hidden(type(holder)):
                yield (_quality(type(holder), name), _attribute_name(holder, name))


def _quality(kind: type, name: str) -> int:
    root = kind.__module__.partition(".")[0]
    if root in sys.stdlib_module_names:
        return _PRIVATE if name.startswith("_") else _LIBRARY
    return _ATTRIBUTE


def _is_hidden(kind: type) -> bool:
    """Whether it is a class that the library keeps to itself: nobody knows it."""
    return (
        kind.__name__.startswith("_")
        and kind.__module__.partition(".")[0] in sys.stdlib_module_names
    )


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == _OURS


def _attributes(holder: Any) -> Iterator[tuple[str, object]]:
    """An object's own attributes, found without running any code of its class."""
    try:
        own = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        own = None
    if isinstance(own, dict):
        yield from ((name, value) for name, value in list(own.items()) if isinstance(name, str))
    for base in type(holder).__mro__:
        for name, slot in list(base.__dict__.items()):
            if type(slot).__name__ == "member_descriptor":
                try:
                    yield name, slot.__get__(holder)
                except AttributeError:
                    continue


def _names_in_dict(
    holder: dict[Any, Any], obj: object, frames: Sequence[FrameType], depth: int
) -> Iterator[Name]:
    keys = [key for key, value in list(holder.items()) if value is obj]
    if not keys:
        return
    if "__name__" in holder and "__builtins__" in holder:
        root = str(holder["__name__"]).partition(".")[0]
        if root != _OURS:
            for key in keys:
                yield (_LIBRARY if root in sys.stdlib_module_names else _GLOBAL, str(key))
        return
    owner = _owner_of(holder)
    if owner is not None:
        for key in keys:
            if not _is_ours(type(owner)) and not _is_hidden(type(owner)):
                yield (_quality(type(owner), str(key)), _attribute_name(owner, str(key)))
    elif depth and isinstance(keys[0], str | int):
        yield from _elements(holder, f"[{keys[0]!r}]", frames, depth)


def _elements(
    container: object, place: str, frames: Sequence[FrameType], depth: int
) -> Iterator[Name]:
    for quality, name in sorted(_names(container, frames, depth - 1))[:1]:
        if quality <= _VARIABLE:
            yield (_ELEMENT, f"{name}{place}")


def _owner_of(namespace: dict[Any, Any]) -> object | None:
    referrers: list[object] = gc.get_referrers(namespace)
    for owner in referrers:
        if isinstance(owner, type | ModuleType | FrameType | FunctionType):
            continue
        if type(owner).__flags__ & _HEAP_TYPE:
            try:
                if object.__getattribute__(owner, "__dict__") is namespace:
                    return owner
            except AttributeError:
                continue
    return None


def _name_of_cell(cell: CellType) -> str | None:
    for holder in gc.get_referrers(cell):
        for closure in gc.get_referrers(holder) if isinstance(holder, tuple) else ():
            code = getattr(closure, "__code__", None)
            if code is not None and getattr(closure, "__closure__", None) is holder:
                cells: tuple[object, ...] = closure.__closure__
                return _free_name(code.co_freevars, cells, cell)
    return None


def _free_name(names: tuple[str, ...], closure: tuple[object, ...], cell: CellType) -> str | None:
    return next((name for name, held in zip(names, closure, strict=True) if held is cell), None)


def spelled(site: Site) -> str:
    """The expression at a place in the source, as far as it names what is touched: `self.items` of `self.items.append(1)`."""
    start, end_line, end = site.columns
    if start < 0 or end_line != site.line:
        return ""
    line = linecache.getline(site.file, site.line).encode()
    try:
        tree: ast.AST = ast.parse(line[start:end].decode().strip(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return ""
    while isinstance(tree, ast.Call | ast.Attribute | ast.Subscript | ast.BinOp | ast.Compare):
        inner = _inner(tree)
        if isinstance(tree, ast.Attribute) and isinstance(inner, ast.Name):
            break
        tree = inner
    return ast.unparse(tree) if isinstance(tree, ast.Name | ast.Attribute) else ""


def _inner(tree: ast.expr) -> ast.expr:
    if isinstance(tree, ast.Call):
        called = tree.func
        return called.value if isinstance(called, ast.Attribute) else (tree.args or [called])[0]
    if isinstance(tree, ast.Attribute | ast.Subscript):
        return tree.value
    if isinstance(tree, ast.Compare):
        return tree.comparators[-1]
    assert isinstance(tree, ast.BinOp)
    return tree.left
