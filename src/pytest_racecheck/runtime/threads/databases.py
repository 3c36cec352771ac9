"""sqlite3 under control: connections that a run makes.

To the library all tasks are one thread, so its check that a connection is used by the thread that made it is done here, from the tasks. And
a connection that finds the database locked waits in C, for seconds, on the one thread on which whoever has the lock would have to let it go.
So the library is told not to wait, and the task does: until another one has done something with a database, or virtual time has come to the end of
the connection's time-out.

What is asked of a database is an operation on all of them: which file two connections share cannot be seen from outside. Where processes
share databases, it is one on the file that was connected to (`runtime/processes/databases.py`).
Connections that were made before the run, or by the class itself, go on as they are.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.trace import DATABASES
from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.identities import calling_task
from pytest_racecheck.runtime.threads.task import Task, Wait

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Replacement

_connect = sqlite3.connect
_ARGUMENTS = (
    "database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory", "cached_statements", "uri",
)  # fmt: skip
_TIMEOUT = 5.0
_BUSY = re.compile(r"\s*pragma\s+busy_timeout\s*[=(]\s*(-?\d+)", re.IGNORECASE)
# The originals of these make a cursor that nobody can get between.
_THROUGH_CURSORS = ("execute", "executemany", "executescript")
_OF_CONNECTIONS = ("commit", "rollback", "close", "backup")
_OF_CURSORS = (
    "execute", "executemany", "executescript", "fetchone", "fetchmany", "fetchall", "__next__",
)  # fmt: skip
# How statements begin, and methods, that leave a database as it is.
_READING = ("select", "explain", "values", "fetch", "__next__", "close")
# Those that found a database locked; whoever does something with one lets them try again.
_waiting: list[Task] = []


class _Origin:
    """Who made a connection, whether nobody else may use it, how long it waits, and what it is connected to."""

    __slots__ = ("checks", "database", "ident", "key", "seconds")

    def __init__(self, task: Task, database: Any, seconds: float, checks: bool) -> None:
        self.database = database
        # The main task of the next run is another object, and the same thread to the program.
        self.key, self.ident = task.key, task.ident
        self.seconds = seconds
        self.checks = checks

    def check(self, task: Task) -> None:
        """Raise what the library raises when `task` is another thread to it."""
        if self.checks and task.key != self.key:
            raise sqlite3.ProgrammingError(
                "SQLite objects created in a thread can only be used in that same thread. The object was created in thread id"
                f" {self.ident} and this is thread id {task.ident}."
            )


def connect(*arguments: Any, **named: Any) -> Any:
    """`sqlite3.connect`."""
    task = calling_task()
    if task is None or len(arguments) > len(_ARGUMENTS):
        return _connect(*arguments, **named)
    named.update(zip(_ARGUMENTS, arguments, strict=False))
    seconds, checks = named.get("timeout", _TIMEOUT), named.get("check_same_thread", True)
    named["factory"] = _controlled(named.get("factory", sqlite3.Connection))
    _stand(task, "connect", writes=False)
    made = _connect(**{**named, "timeout": 0.0})
    made._racecheck_origin = _Origin(task, named.get("database"), float(seconds), bool(checks))
    return made


@functools.cache
def _controlled(factory: Any) -> Any:
    """The class of a connection that `factory` would make; what is no class is left alone."""
    if not isinstance(factory, type) or not issubclass(factory, sqlite3.Connection):
        return factory

    def cursor(self: Any, factory: Any = sqlite3.Cursor) -> Any:
        task = calling_task()
        if task is not None and _origin(self) is not None:
            _origin(self).check(task)
        return original(self, _cursor(factory))

    def leave(self: Any, *exception: Any) -> Any:
        if exception[0] is not None or getattr(self, "autocommit", None) is True:
            return left(self, *exception)
        # The original rolls back where it cannot commit, and then there would be nothing left to wait for.
        try:
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return False

    original: Any = factory.cursor
    left: Any = factory.__exit__
    methods = {name: _guarded(getattr(factory, name), _origin) for name in _OF_CONNECTIONS}
    methods |= {name: _through_cursor(getattr(factory, name)) for name in _THROUGH_CURSORS}
    made: Any = type(factory)
    return made(factory.__name__, (factory,), {**methods, "cursor": cursor, "__exit__": leave})


def _through_cursor(original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def method(self: Any, *arguments: Any) -> Any:
        return getattr(self.cursor(), original.__name__)(*arguments)

    return method


@functools.cache
def _cursor(factory: Any) -> Any:
    if not isinstance(factory, type) or not issubclass(factory, sqlite3.Cursor):
        return factory
    methods = {name: _guarded(getattr(factory, name), _origin_of_cursor) for name in _OF_CURSORS}
    made: Any = type(factory)
    return made(factory.__name__, (factory,), methods)


def _origin(connection: Any) -> Any:
    return vars(connection).get("_racecheck_origin")


def _origin_of_cursor(cursor: Any) -> Any:
    return _origin(cursor.connection)


def _guarded(original: Callable[..., Any], origin_of: Callable[[Any], Any]) -> Any:
    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        task = calling_task()
        origin = None if task is None or control.scheduler.aborting else origin_of(self)
        if task is None or origin is None:
            return original(self, *arguments, **named)
        origin.check(task)
        call = functools.partial(original, self, *arguments, **named)
        statement = str(arguments[0]) if arguments else original.__name__
        if (asked := _BUSY.match(statement)) is not None:
            origin.seconds = int(asked[1]) / 1000
            return _without_waiting(self, call)
        processes = control.scheduler.processes
        if processes is not None:
            done, answer = processes.on_database(
                origin.database, original.__name__, statement, origin.seconds, call
            )
            if done:
                return answer
        wait = Wait(original.__name__, self)
        return _done(task, wait, origin.seconds, call, writes=not only_reads(statement))

    return method


def _without_waiting(database: Any, pragma: Callable[[], Any]) -> Any:
    """What `pragma` answers, which has told the library to wait: it does not, as before."""
    answer = pragma()
    connection = getattr(database, "connection", database)
    sqlite3.Cursor(connection).execute("pragma busy_timeout = 0")
    return answer


def only_reads(statement: str) -> bool:
    """Whether what a statement, or a method, does can make no difference to others who only read."""
    return statement.lstrip().lower().startswith(_READING)


def _done(task: Task, wait: Wait, seconds: float, call: Callable[[], Any], *, writes: bool) -> Any:
    """What `call` returns, which may find the database locked for that many virtual seconds."""
    scheduler = control.scheduler
    _stand(task, wait.operation, writes=writes)
    deadline = scheduler.now + seconds
    try:
        while True:
            try:
                return call()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or scheduler.now >= deadline:
                    raise
            _wait(task, wait, deadline)
    finally:
        for other in _waiting:
            scheduler.enable(other)


def _stand(task: Task, name: str, *, writes: bool) -> None:
    scheduler = control.scheduler
    resource = scheduler.resources.of(sqlite3, DATABASES)
    task.resource, task.writes, task.point = resource, writes, scheduler.own_point(name)
    scheduler.stand(task)
    resource.happened(task, writes)
    if scheduler.watch is not None:
        scheduler.watch(task)


def _wait(task: Task, wait: Wait, deadline: float) -> None:
    scheduler = control.scheduler
    _waiting.append(task)
    try:
        scheduler.block(task, wait, deadline)
    finally:
        _waiting.remove(task)
    if task.timed_out or scheduler.any_timeouts:
        scheduler.now = max(scheduler.now, deadline)


REPLACEMENTS: tuple[Replacement, ...] = ((_connect, connect),)
