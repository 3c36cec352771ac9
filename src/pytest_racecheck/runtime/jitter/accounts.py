"""What a process tells of its tasks at its end, and how the parent reads it.

A file for each process, and not a pipe: a process of an unmodified program has no channel of ours, its parent may be
another child, and what it tells may be more than a pipe holds while nobody reads. A file that is there is whole, since it is
renamed into place; a process that was killed leaves none.

Exceptions travel on their own, as bytes. Many cannot be pickled, and more can be pickled but not unpickled, which only the
reader finds out; one bad exception must not cost the rest of the account.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import pickle
import sys
from dataclasses import dataclass, field
from typing import Any

from pytest_racecheck.instrument.functions import CodeKey
from pytest_racecheck.model.outcome import Step, TaskError

_ENDING = ".account"


class RemoteTraceback(Exception):
    """The traceback that an exception had in the process that raised it, as text; the exception's cause in this one."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


@dataclass(frozen=True, slots=True)
class Account:
    """One process: the task it is, and what became of it and of the threads it started.

    `exceptions` holds the errors' exceptions, pickled, in the order of `errors`; None for one that cannot be.
    """

    name: str
    pid: int
    weights: dict[str, float]
    names: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    trace: tuple[Step, ...] = ()
    keys: frozenset[CodeKey] = frozenset()
    errors: tuple[TaskError, ...] = ()
    exceptions: tuple[bytes | None, ...] = ()
    not_covered: tuple[str, ...] = ()
    overlapped: bool = False

    def write(self, directory: str) -> None:
        """Leave the account in `directory`; without effect when the run it belongs to is over and the directory gone."""
        bare = tuple(dataclasses.replace(error, exception=None) for error in self.errors)
        packed = tuple(as_bytes(error.exception) for error in self.errors)
        content = pickle.dumps(dataclasses.replace(self, errors=bare, exceptions=packed))
        path = path_of(self.pid, directory)
        # A process may be asked for its account while it is writing it.
        part = f"{path}.{id(self)}"
        with contextlib.suppress(OSError):
            with open(part, "wb") as file:
                file.write(content)
            os.replace(part, path)


def path_of(pid: int, directory: str) -> str:
    """Where that process leaves its account."""
    return os.path.join(directory, f"{pid}{_ENDING}")


def collect(directory: str) -> list[Account]:
    """The accounts left in `directory`, in the order of their names; they are removed from it."""
    try:
        found = [entry for entry in os.scandir(directory) if entry.name.endswith(_ENDING)]
    except FileNotFoundError:
        return []
    accounts = []
    for entry in found:
        with open(entry.path, "rb") as file:
            accounts.append(_restored(pickle.loads(file.read())))
        os.unlink(entry.path)
    return sorted(accounts, key=lambda account: (account.name, account.pid))


def _restored(account: Account) -> Account:
    errors = tuple(
        dataclasses.replace(error, exception=from_bytes(packed, error.details))
        for error, packed in zip(account.errors, account.exceptions, strict=True)
    )
    return dataclasses.replace(account, errors=errors, exceptions=())


class _Pickler(pickle.Pickler):
    """Writes classes as names, whether or not they can be imported: the reader had them first, and looks them up."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, type) and "<locals>" not in obj.__qualname__:
            return _class_named, (obj.__module__, obj.__qualname__)
        return NotImplemented


def _class_named(module: str, name: str) -> object:
    found: object = sys.modules["__main__" if module == "__mp_main__" else module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def as_bytes(exception: BaseException | None) -> bytes | None:
    """An exception as it travels; None where it cannot."""
    buffer = io.BytesIO()
    # The exception's own methods run here and may raise anything, as they may when it is read.
    with contextlib.suppress(Exception):
        _Pickler(buffer).dump(exception)
        return buffer.getvalue()
    return None


def from_bytes(packed: bytes | None, details: str) -> BaseException | None:
    """The exception that travelled, with its traceback, `details`, as its cause; None where it cannot be made again."""
    exception = None
    with contextlib.suppress(Exception):
        exception = pickle.loads(packed or b"")
    if not isinstance(exception, BaseException):
        return None
    exception.__cause__ = RemoteTraceback(details)
    return exception
