"""sqlite3 under control."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time

import pytest


@pytest.fixture
def path(tmp_path):
    """A database with one number in it, made anew by each run."""
    return str(tmp_path / "numbers.db")


def begin(path):
    """The number is 0 again."""
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.executescript("drop table if exists t; create table t (n); insert into t values (0)")


def read(path):
    """The number."""
    with contextlib.closing(sqlite3.connect(path)) as made:
        return made.execute("select n from t").fetchone()[0]


def twice(target):
    """Two threads of it."""
    threads = [threading.Thread(target=target) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_updates_that_the_database_does_never_get_lost(explored, path):
    """A task that finds it locked waits for the other, and nothing blocks out of control."""

    def program():
        begin(path)

        def add():
            with contextlib.closing(sqlite3.connect(path)) as made, made:
                made.execute("update t set n = n + 1")

        twice(add)
        return read(path)

    found = explored(program, 30)
    assert set(found.returned) == {2}
    assert found.blocked is None


def test_updates_that_the_program_does_get_lost(explored, path):
    """Between the reading and the writing of a connection the other one comes in.

    A random schedule does so in a third of the runs, and 40 miss it with a probability below 1e-7.
    """

    def program():
        begin(path)

        def add():
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as made:
                number = made.execute("select n from t").fetchone()[0]
                made.execute("update t set n = ?", (number + 1,))

        twice(add)
        return read(path)

    assert set(explored(program, 40).returned) == {1, 2}


def test_a_connection_is_used_by_the_task_that_made_it(explored):
    """As CPython has it for threads, for the cursors of the connection, too; and it can be allowed."""

    def program(check=True):
        made = sqlite3.connect(":memory:", check_same_thread=check)
        cursor = made.cursor()
        refused = []

        def use():
            for call in (made.cursor, made.commit, lambda: cursor.execute("select 1")):
                try:
                    call()
                except sqlite3.ProgrammingError as error:
                    refused.append("created in a thread" in str(error))

        twice(use)
        with contextlib.closing(made):
            return made.execute("select 1").fetchone(), tuple(refused)

    assert set(explored(program, 5).returned) == {((1,), (True,) * 6)}
    assert set(explored(lambda: program(False), 5).returned) == {((1,), ())}


def test_a_lock_that_is_not_given_back(explored, path):
    """It is waited for as long as the connection's time-out, in virtual time, and then the library's error comes."""

    def program():
        begin(path)
        holder, other = (sqlite3.connect(path, 60, isolation_level=None) for _ in range(2))
        with contextlib.closing(holder), contextlib.closing(other):
            holder.execute("begin immediate")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("begin immediate")

    assert set(explored(program, 2).outcomes) == {"passed"}


def test_a_time_out_that_is_set_later(explored, path):
    """It is virtual like the other, and the library is told again not to wait."""

    def program():
        begin(path)
        holder, other = (sqlite3.connect(path, 0, isolation_level=None) for _ in range(2))
        with contextlib.closing(holder), contextlib.closing(other):
            holder.execute("begin immediate")
            asked = other.execute("PRAGMA busy_timeout = 60000").fetchall()
            start = time.monotonic()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("begin immediate")
            return asked, time.monotonic() - start >= 60

    assert set(map(str, explored(program, 2).returned)) == {"([(60000,)], True)"}


def test_the_classes_are_the_programs_own(explored):
    """A factory is derived from, and rows, context managers and `isinstance` work."""

    class Mine(sqlite3.Connection):
        pass

    def program():
        made = sqlite3.connect(":memory:", factory=Mine)
        with contextlib.closing(made):
            made.row_factory = sqlite3.Row
            with made:
                made.execute("create table t (n)")
            made.executemany("insert into t values (?)", [(1,), (2,)])
            rows = [row["n"] for row in made.execute("select n from t")]
            return isinstance(made, Mine), type(made).__name__, rows

    assert explored(program, 1).returned == [(True, "Mine", [1, 2])]
