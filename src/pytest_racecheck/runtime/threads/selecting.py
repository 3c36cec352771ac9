"""`select` and `selectors` under control: waiting for several descriptors at once.

A selector is exchanged by its method, so that those made before the campaign work, too; `select.poll` and `select.epoll` are written in C
and nobody can look into them, so those made meanwhile are wrapped.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.outside import IN, OUT, URGENT, Pair
from pytest_racecheck.runtime.threads.sockets import at_once, calling_task, describe, done
from pytest_racecheck.runtime.threads.task import Task

_select = select.select
_RealPoll: Any = getattr(select, "poll", None)
_RealEpoll: Any = getattr(select, "epoll", None)


def _await(task: Task, pairs: list[Pair], timeout: float | None, subject: object) -> None:
    """Stand until one of `pairs` is ready or the time is over."""
    if timeout is not None and timeout <= 0:
        at_once(task, "select")
        return
    describe(task, "select")
    scheduler = control.scheduler
    before = scheduler.switches
    scheduler.outside.wait(task, pairs, timeout, "select", subject)
    if scheduler.switches == before:
        scheduler.asked_in_vain(task, pairs)
    done(task)


def _fd(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())


def select_(
    reading: Any, writing: Any, exceptional: Any, timeout: float | None = None, /
) -> tuple[list[Any], list[Any], list[Any]]:
    """`select.select`."""
    task = calling_task(blocks=timeout != 0)
    if task is None or (timeout is not None and timeout < 0):
        return _select(reading, writing, exceptional, timeout)
    lists = [list(reading), list(writing), list(exceptional)]
    pairs = [
        (_fd(file), events)
        for files, events in zip(lists, (IN, OUT, URGENT), strict=True)
        for file in files
    ]
    _await(task, pairs, timeout, None)
    return _select(lists[0], lists[1], lists[2], 0)


class Poll:
    """Behaves as the objects that `select.poll` makes."""

    def __init__(self) -> None:
        self._real = _RealPoll()
        self._events: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = IN | OUT | URGENT, /) -> None:
        """Ask for `fd`."""
        self._real.register(fd, eventmask)
        self._events[_fd(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Ask for something else of `fd`."""
        self._real.modify(fd, eventmask)
        self._events[_fd(fd)] = eventmask

    def unregister(self, fd: Any, /) -> None:
        """Ask no more."""
        self._real.unregister(fd)
        del self._events[_fd(fd)]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """What is ready, within `timeout` milliseconds."""
        task = calling_task(blocks=timeout != 0)
        if task is None:
            return list(self._real.poll(timeout))
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        _await(task, list(self._events.items()), seconds, self)
        return list(self._real.poll(0))


class Epoll:
    """Behaves as `select.epoll`."""

    def __init__(self, sizehint: int = -1, flags: int = 0, *, real: Any = None) -> None:
        self._real = _RealEpoll(sizehint, flags) if real is None else real

    @classmethod
    def fromfd(cls, fd: int, /) -> Epoll:
        """One for a descriptor that is there already."""
        return cls(real=_RealEpoll.fromfd(fd))

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """What is ready, within `timeout` seconds."""
        task = calling_task(blocks=timeout != 0)
        if task is None:
            return list(self._real.poll(timeout, maxevents))
        seconds = None if timeout is None or timeout < 0 else timeout
        _await(task, [(self._real.fileno(), IN)], seconds, self)
        return list(self._real.poll(0, maxevents))

    def __enter__(self) -> Epoll:
        self._real.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _selecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        task = calling_task(blocks=timeout is None or timeout > 0)
        registered = self.get_map() if task is not None else None
        if task is None or registered is None:
            return original(self, timeout)
        pairs = [
            (key.fd, (key.events & selectors.EVENT_READ and IN) | (key.events & selectors.EVENT_WRITE and OUT))
            for key in registered.values()
        ]  # fmt: skip
        _await(task, pairs, timeout, self)
        return original(self, 0)

    return select


_NAMES = ("SelectSelector", "_PollLikeSelector", "EpollSelector", "KqueueSelector")

ATTRIBUTES: tuple[tuple[Any, str, object], ...] = tuple(
    (owner, "select", _selecting(vars(owner)["select"]))
    for owner in (getattr(selectors, name, None) for name in _NAMES)
    if owner is not None
)
REPLACEMENTS: tuple[tuple[object, object], ...] = (
    (_select, select_),
    *(((_RealPoll, Poll),) if _RealPoll is not None else ()),
    *(((_RealEpoll, Epoll),) if _RealEpoll is not None else ()),
)
