"""`sqlite3` under control: statements are operations on the database file.

The library's own way to wait for a database that is locked is to sleep in C, with everybody else standing still. So connections of the program never wait
there: where a statement finds the database locked, the task stands aside until something was done to it, and tries again. The connection's
time-out is in virtual time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.acting import acting_place, sharing
from pytest_racecheck.runtime.processes.paths import path_of, shown
from pytest_racecheck.runtime.processes.request import Request
from pytest_racecheck.runtime.processes.standing import told_of

_connect = sqlite3.connect
_READING = ("select", "explain", "pragma table_info", "values")
_BUSY = ("database is locked", "database table is locked", "database schema is locked")
_TIMEOUT = 5.0
_MEMORY = (":memory:", "")


class _Waiting:
    """What connections and cursors have in common: the database they belong to."""

    path: str | None = None
    patience = _TIMEOUT

    def operate(self, do: Callable[[], Any], name: str, statement: str) -> Any:
        """Do something with the database as one operation, again if it is locked."""
        processes = sharing() if self.path is not None else None
        place = acting_place(3) if processes is not None else None
        if processes is None or place is None:
            return do()
        path = str(self.path)
        key = ("database", path)
        writes = not statement.lstrip().lower().startswith(_READING)
        told = None
        if processes.recorded:
            kind = "WRITE" if writes else "READ"
            told = told_of(None, kind, attribute=name)._replace(name=shown(path))
        processes.perform(Request("touch", key, writes, place, told))
        deadline = control.scheduler.now + self.patience
        while True:
            try:
                return do()
            except sqlite3.OperationalError as error:
                if str(error) not in _BUSY:
                    raise
                retry = Request("retry", key, True, place, told, ("execute", deadline))
                if not processes.perform(retry):
                    raise


class Cursor(sqlite3.Cursor, _Waiting):
    """Each statement is an operation."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.path, self.patience = connection.path, connection.patience

    def execute(self, sql: str, *args: Any) -> Any:
        """`Cursor.execute`."""
        return self.operate(lambda: super(Cursor, self).execute(sql, *args), "execute", sql)

    def executemany(self, sql: str, *args: Any) -> Any:
        """`Cursor.executemany`."""
        return self.operate(lambda: super(Cursor, self).executemany(sql, *args), "executemany", sql)

    def executescript(self, sql: str) -> Any:
        """`Cursor.executescript`."""
        return self.operate(lambda: super(Cursor, self).executescript(sql), "executescript", sql)


class Connection(sqlite3.Connection, _Waiting):
    """Beginning, committing and rolling back are operations; its cursors know it."""

    def cursor(self, factory: Any = None) -> Any:
        """`Connection.cursor`."""
        made: Any = super().cursor
        return made(Cursor if factory is None else factory)

    def execute(self, sql: str, *args: Any) -> Any:
        """`Connection.execute`, on a cursor of ours: the original makes one of its own."""
        return self.cursor().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> Any:
        """`Connection.executemany`."""
        return self.cursor().executemany(sql, *args)

    def executescript(self, sql: str) -> Any:
        """`Connection.executescript`."""
        return self.cursor().executescript(sql)

    def commit(self) -> None:
        """`Connection.commit`."""
        if self.in_transaction:
            self.operate(super().commit, "commit", "commit")

    def rollback(self) -> None:
        """`Connection.rollback`."""
        if self.in_transaction:
            self.operate(super().rollback, "rollback", "rollback")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        if kind is None:
            self.commit()
        else:
            self.rollback()
        return False


def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
    """`sqlite3.connect`."""
    processes = sharing()
    is_plain = len(args) < 5 and kwargs.get("factory") is None and not kwargs.get("uri")
    path = None if database in _MEMORY or processes is None else path_of(database)
    if path is None or not is_plain:
        return _connect(database, *args, **kwargs)
    patience = args[0] if args else kwargs.pop("timeout", _TIMEOUT)
    made: Connection = _connect(database, 0.0, *args[1:], factory=Connection, **kwargs)
    made.path, made.patience = path, float(patience)
    return made


REPLACEMENTS: tuple[tuple[Any, Any], ...] = ((_connect, connect),)
