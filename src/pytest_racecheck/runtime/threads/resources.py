"""What tasks share, under one name whichever way it is reached.

A resource is the dictionary, slot or container that really holds a value: an attribute set on an instance belongs to the instance,
a module's attribute is its global. Elements of a container count as the container. An attribute that has a default in the class
belongs to the instance from the start, for that is where it is going to be set: to read the default is to find that
nobody has set it. Only where some run has set the default itself, through the class, do those who read it read the class's.

Identity. Within a run a resource is one `Resource` object, found by the id of its holder and the name. An id alone may come back
when the holder dies, so every holder is remembered: weakly where its type allows it, since a program may wait for one of its objects
to go, and by a reference of our own else.

Each resource also carries what the order of events has been on it, as hashes: of the last write and, since then, of the
reads, which commute and are therefore added up. An operation's own hash takes in those it comes after; the sum of all tasks' last hashes
then is the same for two runs exactly if they are the same happens-before order.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from types import CellType, FrameType, GeneratorType, ModuleType
from typing import Any, NamedTuple, TypeGuard, TypeVar

from pytest_racecheck.model.profile import PointNumber
from pytest_racecheck.runtime.threads.task import Task

CONTENTS = ""
#: What one resource is called that stands for all attributes of a thing.
ALL_ATTRIBUTES = frozenset({"__dict__", "__class__"})
_OF_THE_WHOLE = ALL_ATTRIBUTES | {CONTENTS}
#: The name under which a holder is `Several`; what an operation is on then has more than one name.
SEVERAL = "**"
_NOT_ONE_SLOT = frozenset({"__dict__", SEVERAL})
#: A holder, the name in it, and whether it may be written there.
Touched = tuple[object, str, bool]
# Descriptors of what lies in the object itself.
_IN_PLACE = frozenset({"member_descriptor", "getset_descriptor", "CField"})
# What they hold is gone when the last one who has it lets go, wherever that is.
VOLATILE = (weakref.ref, weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet)
_VOLATILE = frozenset(VOLATILE)
mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
T = TypeVar("T")


class Resource:
    """One shared thing in one run. `name` is "" for the contents of a container, a lock or another synchronisation object."""

    __slots__ = (
        "counts",
        "holder",
        "last_write",
        "name",
        "number",
        "points",
        "reads",
        "shared",
        "volatile",
        "written",
    )

    def __init__(self, number: int, holder: object, name: str) -> None:
        self.number = number
        self.holder = holder
        self.name = name
        self.last_write = 0
        self.reads = 0
        self.written = False
        # Filled in by runs that watch which places touch what: by task, how often.
        self.points: set[PointNumber] = set()
        self.counts: dict[Task, int] = {}
        self.shared = False
        # Others may change it without touching it.
        self.volatile = False

    def happened(self, task: Task, writes: bool) -> None:
        """`task` now does its pending operation here."""
        if writes:
            event = hash((task.event, self.last_write, self.reads))
            self.last_write, self.reads = event, 0
            self.written = True
        else:
            event = hash((task.event, self.last_write))
            self.reads += event
        task.event = event

    def note(self, task: Task, point: PointNumber, writes: bool) -> None:
        """Remember who touched it, and where."""
        self.written |= writes
        self.points.add(point)
        self.counts[task] = self.counts.get(task, 0) + 1


class Together(Resource):
    """Several resources that one operation is on, each with whether that changes it; known by the last of them, the main one."""

    __slots__ = ("main", "parts")

    def __init__(self, parts: Sequence[tuple[Resource, bool]]) -> None:
        self.main = main = parts[-1][0]
        super().__init__(main.number, main.holder, main.name)
        self.parts = parts

    def happened(self, task: Task, writes: bool) -> None:  # noqa: ARG002
        """The operation is done on all of them, and nobody comes between."""
        for part, changes in self.parts:
            part.happened(task, changes)

    def note(self, task: Task, point: PointNumber, writes: bool) -> None:  # noqa: ARG002
        """Remember it of each."""
        for part, changes in self.parts:
            part.note(task, point, changes)


class Several(NamedTuple):
    """What an operation is on, and what else it looks at or, where that is said, changes."""

    main: Touched
    others: Sequence[tuple[object, bool]]


class Resources:
    """The resources of one run."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Resource] = {}
        self._kept: dict[int, _Kept] = {}
        self._shared: dict[tuple[Any, ...], Resource] = {}
        # Of generators, by the ids of their frames.
        self._generators: dict[int, Resource] = {}
        # By the ids of objects that have been given another class, and of their dictionaries: the one resource that each of them is.
        self.turned: dict[int, Resource] = {}
        # Attributes that were set through a class, in this run or an earlier one, and the modules and names of such classes.
        self.overwritten: dict[str, set[tuple[object, object]]] = {}
        # The modules and names of the classes of things whose dictionary was handed out, in this run or an earlier one.
        self.opened: set[tuple[object, object]] = set()
        self.all: list[Resource] = []

    def of(self, holder: object, name: str) -> Resource:
        """The resource that `holder` holds under `name`."""
        if self.turned and id(holder) in self.turned:
            return self.turned[id(holder)]
        if name in self.overwritten:
            holder = self._setter(holder, name)
        key = (id(holder), name)
        found = self._known.get(key)
        return found if found is not None else self._new(key, holder, name)

    def touched(self, holder: object, name: str, writes: bool) -> Resource:
        """`of`, for what is about to be read or written there."""
        if writes and name and is_a(holder, type):
            # From now on that is what instances which have none of their own find.
            self.overwritten.setdefault(name, set()).add(_in_words(holder))
        if name in _NOT_ONE_SLOT:
            if is_a(holder, Several):
                return self._together(holder)
            if not is_a(holder, (type, ModuleType)):
                # Whoever has it can reach all attributes; so it will be in the next run, from the beginning.
                self.opened.add(_in_words(type(holder)))
                return self.turn(holder, name)
        return self.of(holder, name)

    def _together(self, several: Several) -> Resource:
        """Of what is only looked at by the way that counts which somebody has touched: to know more of it would be to keep it alive."""
        main = self.touched(*several.main)
        parts: dict[int, tuple[Resource, bool]] = {}
        for other, changes in several.others:
            for part in (self.of(other, CONTENTS),) if changes else self._touched_in(other):
                if part is not main:
                    parts.setdefault(part.number, (part, changes))
        return Together([*parts.values(), (main, several.main[2])]) if parts else main

    def _touched_in(self, holder: object) -> Sequence[Resource]:
        """What is known of that a thing holds, its attributes or its contents."""
        if self.turned and id(holder) in self.turned:
            return (self.turned[id(holder)],)
        kept = self._kept.get(id(holder))
        return [] if kept is None else [self._known[id(holder), name] for name in kept.names]

    def _setter(self, holder: Any, name: str) -> Any:
        """`holder`, or the class that it has `name` from, if that has been set through the class."""
        own = own_dict(holder)
        if own is not None and name in own:
            return holder
        found = class_of(holder if is_a(holder, type) else type(holder), name)
        return holder if found is None or _in_words(found) not in self.overwritten[name] else found

    def turn(self, obj: object, name: str) -> Resource:
        """`obj` is given another class, or its dictionary to somebody: from now on all of its attributes are one resource."""
        resource = self.of(obj, name)
        for part in (obj, own_dict(obj)):
            if part is not None:
                self.turned[id(part)] = resource
        return resource

    def fresh(self, holder: object, name: str = CONTENTS) -> Resource:
        """A resource that is not looked up again: the holder keeps it itself."""
        resource = Resource(len(self.all), holder, name)
        self.all.append(resource)
        return resource

    def shared(self, key: tuple[Any, ...]) -> Resource:
        """The resource that all processes know by `key`."""
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = self.fresh(key)
        return found

    def running(self, frame: FrameType) -> Resource | None:
        """The generator with that frame, if a task has touched it."""
        found = self._generators.get(id(frame))
        generator: Any = None if found is None else held_by(found)
        # Another one's frame may have had that id before.
        return found if generator is not None and generator.gi_frame is frame else None

    def renewed(self) -> Resources:
        """Those of the next run. What outlives this one, such as a pool that the library keeps books of, does not keep the rest alive."""
        for resource in self.all:
            resource.counts.clear()
        self.all.clear()
        for forgotten in (self._known, self._kept, self._shared, self.turned, self._generators):
            forgotten.clear()
        following = Resources()
        following.overwritten, following.opened = self.overwritten, self.opened
        return following

    def _new(self, key: tuple[int, str], holder: object, name: str) -> Resource:
        if self.opened and name not in _OF_THE_WHOLE and _in_words(type(holder)) in self.opened:
            return self.turn(holder, "__dict__")
        identity = key[0]
        kept = self._kept.get(identity)
        if kept is None:
            kept = self._kept[identity] = _Kept(holder, lambda _: self._forget(identity))
        kept.names.append(name)
        resource = self._known[key] = Resource(len(self.all), kept.reference, name)
        resource.volatile = not _VOLATILE.isdisjoint(mro_of(type(holder)))
        self.all.append(resource)
        if type(holder) is GeneratorType:
            self._generators[id(holder.gi_frame)] = resource
        return resource

    def _forget(self, identity: int) -> None:
        kept = self._kept.pop(identity, None)
        for name in kept.names if kept is not None else ():
            gone = self._known.pop((identity, name), None)
            if self.turned:
                self.turned = {part: one for part, one in self.turned.items() if one is not gone}


class _Kept:
    """A holder whose id is in use, and the names that were asked of it."""

    __slots__ = ("names", "reference")

    def __init__(self, holder: object, died: Callable[[object], None]) -> None:
        self.names: list[str] = []
        self.reference: object
        try:
            self.reference = weakref.ref(holder, died)
        except TypeError:
            self.reference = holder


def held_by(resource: Resource) -> Any:
    """What holds it, while that is there."""
    holder = resource.holder
    return holder() if type(holder) is weakref.ref else holder


def is_a(obj: object, kinds: type[T] | tuple[type[T], ...]) -> TypeGuard[T]:
    """Whether `obj` is really made by one of these classes.

    `isinstance` asks an object of another class for its `__class__`, and so runs what the program has written to answer that: a
    `__getattribute__` which is itself under control, a proxy that goes and gets the real thing.
    """
    return issubclass(type(obj), kinds)


def holder_of(obj: Any, name: str, writes: bool = False) -> Any:
    """Who holds the attribute `name` that is read, or written, through `obj`; None where that runs code or yields only code.

    What classes hold for their instances and for other classes is methods and defaults. The methods are theirs.
    """
    kind = type(obj)
    if issubclass(kind, ModuleType):
        return own_dict(obj)
    is_class = issubclass(kind, type)
    found = class_of(obj if is_class else kind, name)
    if found is None or found is obj:
        return obj
    held = found.__dict__[name]
    if not is_class and hasattr(type(held), "__set__"):
        # A slot holds the value in the instance itself; any other data descriptor is code.
        return obj if type(held).__name__ in _IN_PLACE else None
    if writes or not hasattr(type(held), "__get__") or type(held) is cached_property:
        return obj
    own = None if is_class else own_dict(obj)
    return obj if own is not None and name in own else found


def _in_words(kind: type) -> tuple[object, object]:
    """Since a class that a run makes is another one in every run; and without asking a metaclass."""
    return kind.__dict__.get("__module__"), type.__dict__["__qualname__"].__get__(kind)


def class_of(kind: type, name: str) -> type | None:
    """The class in the order of `kind` whose dictionary has `name`."""
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    for base in bases:
        if name in base.__dict__:
            return base
    return None


def namespace_of(kind: type) -> dict[str, Any]:
    """What a class holds: the dictionary itself, of which it shows a proxy only."""
    found: dict[str, Any] = gc.get_referents(type.__dict__["__dict__"].__get__(kind))[0]
    return found


def own_dict(obj: Any) -> dict[str, Any] | None:
    """The attributes of an instance or a module, got without running any code of its class; None where it has none."""
    try:
        found = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None
    return found if is_a(found, dict) else None


def contents_of(cell: CellType) -> object:
    """What a closure variable holds, or None."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
