"""Scheduling points: what each hooked instruction touches, decided as far as possible before it runs.

The hooks are the hot path. Most instructions that could touch something shared do not: they read the attributes of private
objects, or what nobody writes. So a campaign learns. Some of its runs are watched: every place in the code is a point, and it is
noted which resources two tasks touched and one of them wrote. A place that touched none of those is cold, and in the runs
between the watched ones its hook returns at once. A place that no watched run has seen is a point and asks for another watched
run, so what is cold is always known from a run of the same code.

In a watched run the many places that do not matter dilute what a strategy does, and what two tasks have to do with each other may show only
under a schedule that is rare. So there are also runs that are *noted*: their schedules are those of all others, for nobody stands at a cold place,
but it is noted what cold places touch, and what turns out to be shared makes them points from the next run on.

What a place touches is worked out from the object it finds there, and how, from the kind of its instruction: that is chosen
once, when the code is bound (`Point.resolve`).
"""

from __future__ import annotations

from _thread import _local
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from greenlet import getcurrent

from pytest_racecheck.model.operation import Kind, Site
from pytest_racecheck.model.profile import PointNumber
from pytest_racecheck.runtime.threads import contents
from pytest_racecheck.runtime.threads.called_back import (
    done_with,
    in_the_middle,
    note_if_kept,
    yielding,
)
from pytest_racecheck.runtime.threads.calls import Calls
from pytest_racecheck.runtime.threads.lonely_loop import LonelyLoop
from pytest_racecheck.runtime.threads.resources import (
    CONTENTS,
    Resource,
    class_of,
    holder_of,
    is_a,
)

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler


class Point:
    """A place in the code, for one campaign.

    `cold`: it touches nothing that is shared, as far as watched runs have shown; `seen`: one of them came by; `hot`: it has touched
    something that is.
    """

    __slots__ = ("cold", "hot", "name", "number", "plain", "resolve", "seen", "site", "writes")

    def __init__(self, number: int, site: Site) -> None:
        self.number = number
        self.site = site
        self.name = site.name
        self.writes = site.kind.writes
        self.cold = self.seen = self.hot = False
        # The type for which the attribute is known to be the instance's own.
        self.plain: type | None = None
        self.resolve: Callable[[Scheduler, Point, Any], Resource | None] = _RESOLVE[site.kind]
        if site.kind is Kind.STORE_ATTR and site.name == "__class__":
            self.resolve = _class


class Memory(Protocol):
    """Knows what lies in memory that processes share, and stands before what touches it."""

    def touched(self, obj: Any, point: Point, /) -> bool: ...
    def called(self, callee: Any, point: Point, arguments: tuple[object, ...], /) -> bool: ...


class Points:
    """The points of a campaign; satisfies `instrument.hooks.Hooks`."""

    def __init__(self, scheduler: Scheduler, in_scope: Callable[[str], bool]) -> None:
        self.all: list[Point] = []
        self._by_site: dict[int, Point] = {}
        # A place was met that no watched run has seen.
        self.unseen = False
        # Every place is a point in this run; it is at least noted what cold ones touch; and what it shows is learned afterwards.
        self.watching = False
        self.noting = False
        self.learning = False
        # Places that were cold in the last run and are not any more, since that has shown what they touch to be shared.
        self.warmed: list[PointNumber] = []
        # Told of every place but the cold ones, where processes share memory: whether the operation is one on that.
        self.memory: Memory | None = None
        self._scheduler = scheduler
        scheduler.site_of = self.site_of
        self.lonely = LonelyLoop(scheduler)
        self.access = _access_hook(scheduler, self)
        self.call = _call_hook(scheduler, self, Calls(in_scope))

    def place(self, site: Site, /) -> Point:
        """The point for a site; sites are one object each, so their identity will do."""
        point = self._by_site.get(id(site))
        if point is None:
            point = self._by_site[id(site)] = Point(len(self.all), site)
            self.all.append(point)
        return point

    def site_of(self, number: PointNumber) -> Site:
        """Where the place of that number is, one in the code."""
        return self.all[number].site

    def met(self, point: Point) -> None:
        """A place that no watched run has seen: if this is one, it has now."""
        if self.learning:
            point.seen = True
        else:
            self.unseen = True

    def is_done(
        self, obj: object, point: Point, arguments: tuple[object, ...] | None = None
    ) -> bool:
        """Whether nothing is left to stand before: it was memory that processes share, or nobody else is here."""
        memory = self.memory
        if memory is None:
            self.lonely.did(obj, point, arguments)
            return True
        if arguments is None:
            return memory.touched(obj, point) or self._scheduler.alone
        return memory.called(obj, point, arguments) or self._scheduler.alone

    def is_cold(self, number: PointNumber) -> bool:
        """Whether the place of that number touches nothing shared."""
        return number >= 0 and self.all[number].cold

    def cold_before(self) -> frozenset[PointNumber]:
        """The places that were cold in the last run, before it was learned from."""
        return frozenset((*self.warmed, *(point.number for point in self.all if point.cold)))

    def learn(self) -> None:
        """A watched run has ended: what it touched and did not find shared is cold from now on.

        Not where it would have gone on for ever: nobody counts the rounds of a loop through cold places.
        """
        self.learn_more()
        if self._scheduler.overrun > 1:
            for resource in self._scheduler.resources.all:
                for number in resource.points:
                    if number >= 0:
                        self.all[number].hot = True
        for point in self.all:
            point.cold = point.seen and not point.hot
        self.unseen = False

    def learn_more(self) -> bool:
        """A noted run has ended: whether a place that was cold has touched something shared; it is a point from now on."""
        self.warmed = []
        for resource in self._scheduler.resources.all:
            if resource.volatile or (resource.written and len(resource.counts) > 1):
                resource.shared = True
                for number in resource.points:
                    if number >= 0:
                        point = self.all[number]
                        if point.cold:
                            self.warmed.append(number)
                        point.hot, point.cold = True, False
        return bool(self.warmed)


def _access_hook(scheduler: Scheduler, points: Points) -> Callable[[object, Point], None]:
    stand = scheduler.stand

    def access(obj: object, point: Point) -> None:
        if point.cold and not points.noting:
            return
        task = scheduler.current
        if task.greenlet is not getcurrent():
            scheduler.lingering()
            return
        if (scheduler.alone or points.memory is not None) and points.is_done(obj, point):
            return
        if not point.seen:
            points.met(point)
        resource = point.resolve(scheduler, point, obj)
        if resource is None:
            task.doing = None
            return
        writes = point.writes
        if point.cold and not points.watching:
            task.doing = None
            resource.note(task, point.number, writes)
            return
        task.resource = resource
        task.writes = writes
        task.point = point.number
        stand(task)
        task.doing = resource
        if not point.cold:
            resource.happened(task, writes)
        if scheduler.watch is not None:
            scheduler.watch(task)

    return access


def _call_hook(scheduler: Scheduler, points: Points, calls: Calls) -> Callable[..., None]:
    stand = scheduler.stand
    decide = calls.touched

    def call(callee: object, point: Point, *arguments: object) -> None:
        if point.cold and not points.noting:
            return
        task = scheduler.current
        if task.greenlet is not getcurrent():
            scheduler.lingering()
            return
        if (scheduler.alone or points.memory is not None) and points.is_done(
            callee, point, arguments
        ):
            return
        if not point.seen:
            points.met(point)
        touched = decide(callee, arguments)
        if touched is None:
            task.doing = None
            return
        holder, name, writes = touched
        resource = scheduler.resources.touched(holder, name, writes)
        if point.cold and not points.watching:
            task.doing = None
            resource.note(task, point.number, writes)
            return
        task.resource = resource
        task.writes = writes
        task.point = point.number
        stand(task)
        task.doing = resource
        if not point.cold:
            resource.happened(task, writes)
        if scheduler.watch is not None:
            task.called = callee, arguments
            scheduler.watch(task)
            task.called = None

    return call


def _attribute(scheduler: Scheduler, point: Point, obj: Any) -> Resource | None:
    kind, resources = type(obj), scheduler.resources
    if resources.turned and id(obj) in resources.turned:
        return resources.turned[id(obj)]
    if kind is point.plain:
        return resources.of(obj, point.name)
    holder = attribute_holder(obj, point.name, point.writes)
    if holder is None:
        return None
    if holder is obj and class_of(kind, point.name) is None:
        point.plain = kind
    return resources.touched(holder, point.name, point.writes)


def _class(scheduler: Scheduler, _point: Point, obj: Any) -> Resource | None:
    return scheduler.resources.turn(obj, "__class__")


def attribute_holder(obj: Any, name: str, writes: bool = False) -> Any:
    """Who holds an attribute that a task may share with others; None for what built-in types define, which never changes.

    What they do not define may still be there, in a dictionary of the object's own: of a function, of a SimpleNamespace. What a thread keeps
    in a `threading.local` is nobody else's.
    """
    kind = type(obj)
    if issubclass(kind, type):
        return holder_of(obj, name, writes)
    if issubclass(kind, _local):
        found = class_of(kind, name)
        return found if found not in (_local, object) else None
    if contents.is_builtin(kind):
        return obj if class_of(kind, name) is None else None
    return holder_of(obj, name, writes)


def _named(scheduler: Scheduler, point: Point, namespace: Any) -> Resource | None:
    """A global: what modules do not hold themselves is a built-in name, and nobody changes those."""
    if point.name not in namespace and not point.writes:
        return None
    return scheduler.resources.of(namespace, point.name)


def _cell(scheduler: Scheduler, _point: Point, cell: Any) -> Resource | None:
    return scheduler.resources.of(cell, CONTENTS)


def _contents(scheduler: Scheduler, _point: Point, obj: Any) -> Resource | None:
    holder = contents.holder(obj)
    return None if holder is None else scheduler.resources.of(holder, CONTENTS)


def _iterated(scheduler: Scheduler, point: Point, obj: Any) -> Resource | None:
    """What is gone over: who does so with a generator takes a value out of it."""
    holder = contents.holder(obj)
    if holder is None:
        return None
    point.writes = contents.is_generator(holder)
    return scheduler.resources.of(holder, CONTENTS)


def _item(scheduler: Scheduler, point: Point, obj: Any) -> Resource | None:
    """To ask some dictionaries for what they do not have puts it there."""
    resource = _contents(scheduler, point, obj)
    if resource is not None and issubclass(type(obj), defaultdict):
        note_if_kept(resource)
    return resource


def _left(scheduler: Scheduler, point: Point, obj: Any) -> Resource | None:
    """Of what a `with` leaves: a stack of callbacks is emptied; primitives are points themselves."""
    if not is_a(obj, contents.EXIT_STACKS):
        return None
    point.writes = True
    return scheduler.resources.of(obj, CONTENTS)


def _nothing(_scheduler: Scheduler, _point: Point, _obj: Any) -> Resource | None:
    return None


_ATTRIBUTES = (Kind.LOAD_ATTR, Kind.STORE_ATTR, Kind.DELETE_ATTR)
_GLOBALS = (Kind.LOAD_GLOBAL, Kind.STORE_GLOBAL, Kind.DELETE_GLOBAL)
_CELLS = (Kind.LOAD_CELL, Kind.STORE_CELL, Kind.DELETE_CELL)
# `with` enters primitives that are points themselves; an import takes locks that are.
_NEITHER = (Kind.ENTER, Kind.IMPORT, Kind.CALL)

_RESOLVE: dict[Kind, Callable[[Any, Any, Any], Resource | None]] = {
    **dict.fromkeys(Kind, _contents),
    **dict.fromkeys(_ATTRIBUTES, _attribute),
    **dict.fromkeys(_GLOBALS, _named),
    **dict.fromkeys(_CELLS, _cell),
    **dict.fromkeys(_NEITHER, _nothing),
    Kind.ITERATE: _iterated,
    Kind.EXIT: _left,
    Kind.YIELD: yielding,
    Kind.BEGIN: in_the_middle,
    Kind.END: done_with,
    Kind.LOAD_ITEM: _item,
}
