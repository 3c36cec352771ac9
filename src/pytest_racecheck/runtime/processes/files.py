"""`open` under control: each time a file is really read or written is an operation, whoever does it.

What `open` returns is as always, but for the innermost of its three layers, which does the system calls: that one stands before each of them. So what
`json.load` or `shutil.copyfileobj` does with a file is seen as well as what the program does, and a file that was emptied and not
yet filled can be met by others in that state.

In a process with several threads the layers above have locks of their own, which are not made for tasks that share one thread. There only `open`
itself is an operation, and files are as they always were.
"""

from __future__ import annotations

import io
import os
import stat
from typing import Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.processes.acting import involved, sharing
from pytest_racecheck.runtime.processes.file_calls import operate, peeked
from pytest_racecheck.runtime.processes.file_locks import closing
from pytest_racecheck.runtime.processes.folders import opening
from pytest_racecheck.runtime.processes.paths import path_of

_open = io.open
_stat = os.stat
_BUFFER = io.DEFAULT_BUFFER_SIZE


class File(io.FileIO):
    """The layer that does the system calls."""

    def __init__(self, file: Any, mode: str, closefd: bool, opener: Any) -> None:
        super().__init__(file, mode, closefd, opener)
        self._path = path_of(file)
        # What was opened before others were there may be theirs, too, and then all are at the same place in it.
        self._handed_on = sharing() is None

    def _stand(self, name: str, *, data: Any = None) -> None:
        if not control.scheduler.alone:
            return
        writes = data is not None
        operate(
            self._path, name, writes=writes, kind="WRITE" if writes else "READ", depth=4,
            content=lambda: bytes(data) if writes else peeked(self.fileno()),
        )  # fmt: skip

    def read(self, size: int | None = -1, /) -> Any:
        """Bytes from the file."""
        self._stand("read")
        return super().read(-1 if size is None else size)

    def readall(self) -> Any:
        """All that is left in the file."""
        self._stand("read")
        return super().readall()

    def readinto(self, buffer: Any, /) -> Any:
        """Bytes from the file, into `buffer`."""
        self._stand("read")
        return super().readinto(buffer)

    def write(self, data: Any, /) -> Any:
        """Bytes into the file."""
        self._stand("write", data=data)
        return super().write(data)

    def seek(self, pos: int, whence: int = 0, /) -> int:
        """Go to another place in the file."""
        if self._handed_on and control.scheduler.alone:
            operate(self._path, "seek", writes=False)
        return super().seek(pos, whence)

    def close(self) -> None:
        """Let go of the file, and of what locks there are on it."""
        if not self.closed:
            closing(self.fileno())
        super().close()

    def truncate(self, size: int | None = None, /) -> int:
        """Make the file another size."""
        self._stand("truncate", data=b"")
        return super().truncate(size)


def open_(
    file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: str | None = None,
    newline: str | None = None, closefd: bool = True, opener: Any = None,
) -> Any:  # fmt: skip
    """`open`."""
    if involved() is None or not isinstance(mode, str) or (buffering == 0 and "b" not in mode):
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    path = path_of(file)
    if path is None:
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    if not isinstance(file, int):
        also = opening(path, makes="r" not in mode)
        operate(path, "open", writes="w" in mode or "x" in mode, also=also)
    if not control.scheduler.alone or not _is_file(path, mode):
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    # What is wrong with the arguments is for the original to say, and it may not have opened anything then.
    if (encoding, errors, newline) != (None, None, None):
        _check(mode, encoding, errors, newline)
    return _layered(
        File(file, mode.replace("b", "").replace("t", "") or "r", closefd, opener),
        mode,
        buffering,
        encoding,
        errors,
        newline,
    )


def _is_file(path: str, mode: str) -> bool:
    """Whether there is, or will be, an ordinary file."""
    try:
        return stat.S_ISREG(_stat(path).st_mode)
    except FileNotFoundError:
        return "r" not in mode
    except (OSError, ValueError):
        return False


def _check(mode: str, encoding: str | None, errors: str | None, newline: str | None) -> None:
    _open(
        os.devnull, mode.replace("x", "w"), encoding=encoding, errors=errors, newline=newline
    ).close()


def _layered(
    raw: File, mode: str, buffering: int, encoding: str | None, errors: str | None, newline: str | None
) -> Any:  # fmt: skip
    """The layers above, as the original puts them."""
    if buffering == 0:
        return raw
    line_by_line = buffering == 1
    size = _BUFFER if buffering < 2 else buffering
    buffer: Any
    if "+" in mode:
        buffer = io.BufferedRandom(raw, size)
    elif "r" in mode:
        buffer = io.BufferedReader(raw, size)
    else:
        buffer = io.BufferedWriter(raw, size)
    if "b" in mode:
        return buffer
    text = io.TextIOWrapper(buffer, encoding, errors, newline, line_by_line)
    text.mode = mode  # type: ignore[misc]
    return text


REPLACEMENTS = ((_open, open_),)
