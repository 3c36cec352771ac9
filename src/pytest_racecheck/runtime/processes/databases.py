"""SQLite databases that processes share: what is asked of one is an operation on its file.

That connections never wait in C is seen to in `runtime/threads/databases.py`. Here a task that finds the database locked stands aside until
something was done to it, by whichever process, and tries again; its time-out is in virtual time.
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
from pytest_racecheck.runtime.threads.databases import only_reads

_MEMORY = (":memory:", "")


def on_database(
    database: Any, name: str, statement: str, seconds: float, call: Callable[[], Any]
) -> tuple[bool, Any]:
    """Do `call` as an operation on that database, if there is somebody to share it with: whether it was done, and what it has returned."""
    processes = None if database in _MEMORY else sharing()
    path = path_of(database) if processes is not None else None
    place = acting_place(4) if path is not None else None
    if processes is None or path is None or place is None:
        return False, None
    key, writes = ("database", path), not only_reads(statement)
    told = None
    if processes.recorded:
        kind = "WRITE" if writes else "READ"
        told = told_of(None, kind, attribute=name)._replace(name=shown(path))
    processes.perform(Request("touch", key, writes, place, told))
    deadline = control.scheduler.now + seconds
    while True:
        try:
            return True, call()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or control.scheduler.now >= deadline:
                raise
            if not processes.perform(Request("retry", key, True, place, told, (name, deadline))):
                raise
