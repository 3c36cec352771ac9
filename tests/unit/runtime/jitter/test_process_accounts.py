"""What a process tells at its end, and how it is read."""

from __future__ import annotations

import os

import pytest

from pytest_racecheck.model.outcome import Outcome, TaskError
from pytest_racecheck.runtime.jitter.accounts import Account, RemoteTraceback, collect


class Plain(Exception):
    """Travels."""


class NeedsTwo(Exception):
    """Pickles, but does not unpickle."""

    def __init__(self, one, two) -> None:
        super().__init__(one)


class HoldsALock(Exception):
    """Does not pickle."""

    def __reduce__(self):
        raise TypeError("not me")


def account_of(*exceptions: BaseException) -> Account:
    errors = tuple(
        TaskError("task-1", Outcome.FAILED, "it failed", "the traceback", exception)
        for exception in exceptions
    )
    return Account("task-1", os.getpid(), {"task-1": 3.0}, errors=errors)


def exchanged(tmp_path, account: Account) -> Account:
    account.write(str(tmp_path))
    (read,) = collect(str(tmp_path))
    return read


def test_an_account_is_read_once(tmp_path) -> None:
    """What is written is what is read, and reading removes it."""
    account = Account(
        "task-1", 5, {"task-1": 3.0}, names=("task-1/t-1",), keys=frozenset({("f", 1, "g")})
    )
    assert exchanged(tmp_path, account) == account
    assert collect(str(tmp_path)) == []
    assert os.listdir(tmp_path) == []


def test_exceptions_arrive_with_their_traceback_as_cause(tmp_path) -> None:
    """An exception arrives as itself, caused by the text of its traceback."""
    (error,) = exchanged(tmp_path, account_of(KeyError("k"))).errors
    assert isinstance(error.exception, KeyError)
    assert isinstance(error.exception.__cause__, RemoteTraceback)
    assert "the traceback" in str(error.exception.__cause__)


def test_exception_classes_are_those_of_the_reader(tmp_path) -> None:
    """A class of the test module is the very class, even if nobody could import the module again."""
    (error,) = exchanged(tmp_path, account_of(Plain("here"))).errors
    assert type(error.exception) is Plain


def test_local_exception_classes_are_told(tmp_path) -> None:
    """A class that has no name of its own to look up is described, not guessed at."""

    class Local(Exception):
        pass

    (error,) = exchanged(tmp_path, account_of(Local("here"))).errors
    assert error.exception is None
    assert error.summary == "it failed"


@pytest.mark.parametrize("bad", [NeedsTwo(1, 2), HoldsALock()])
def test_one_bad_exception_costs_only_itself(tmp_path, bad) -> None:
    """Where an exception does not travel, its description and the other errors do."""
    first, second = exchanged(tmp_path, account_of(bad, ValueError("v"))).errors
    assert first.exception is None
    assert first.summary == "it failed"
    assert isinstance(second.exception, ValueError)


def test_a_folder_that_is_gone_is_no_error(tmp_path) -> None:
    """An account that comes too late is dropped, and no folder means no accounts."""
    account_of().write(str(tmp_path / "gone"))
    assert collect(str(tmp_path / "gone")) == []


def test_half_an_account_is_none(tmp_path) -> None:
    """A file that was not finished is not read."""
    (tmp_path / "7.account.140").write_bytes(b"half")
    assert collect(str(tmp_path)) == []
