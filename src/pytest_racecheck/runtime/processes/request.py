"""What a task asks for when it is about to touch something that processes share.

A request says it in plain values, so that it can be asked from another process. Between the asking and the answer others may go on; with the
answer the task does what it has asked for, and nobody else goes on before it asks for the next thing.

`key` is a name of the resource that is the same in all processes while it lives: an inode and an offset, the name of a semaphore, a path. It
never leaves the run: resources are numbered by when they are first met.
"""

from __future__ import annotations

from typing import Any, NamedTuple

#: File, line and function of the innermost place in scope.
Place = tuple[str, int, str]
Key = tuple[Any, ...]
#: A number that it alone has in its process, function, type and key of the object, and what the source calls that.
Call = tuple[int, str, str, Key, str]


class Told(NamedTuple):
    """What is to be said of an operation in a report; only asked for in a run that is recorded.

    `kind` is the name of a `Kind` or an `Action`, `name` what the source calls the resource, `columns` those of a Site, `spelled` the
    attribute or method, `value` what was read, as text. `call` is the library's call that it is part of, as `standing.Calls` tells it.
    """

    kind: str
    name: str
    columns: tuple[int, int, int] = (-1, -1, -1)
    spelled: str = ""
    value: str | None = None
    call: Call | None = None


class Beside(NamedTuple):
    """Something else that the same operation touches, and what a report calls it; `names`: it changes which names there are in a folder."""

    key: Key
    name: str
    writes: bool
    names: bool = False


class Request(NamedTuple):
    """`what` is how it is performed (see `root.py`); `rest` are the arguments of that."""

    what: str
    key: Key
    writes: bool
    place: Place | None = None
    told: Told | None = None
    rest: tuple[Any, ...] = ()
    beside: tuple[Beside, ...] = ()

    @classmethod
    def of(cls, plain: tuple[Any, ...]) -> Request:
        """The request that came as a plain tuple."""
        made = cls(*plain)
        if made.beside:
            made = made._replace(beside=tuple(Beside(*one) for one in made.beside))
        return made if made.told is None else made._replace(told=Told(*made.told))

    def plain(self) -> tuple[Any, ...]:
        """As it travels."""
        told = None if self.told is None else tuple(self.told)
        beside = tuple(map(tuple, self.beside))
        return (self.what, self.key, self.writes, self.place, told, self.rest, beside)
