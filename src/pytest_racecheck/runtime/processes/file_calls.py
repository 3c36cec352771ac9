"""The functions of `os` that act on files and folders: each call by the program is an operation on the path that it names.

They are exchanged where callers look them up, in `os` itself and in modules that have imported them by name, and not in `posix`, where the import
system has its own. So `pathlib`, `shutil`, `tempfile` and whatever else is built on them are covered; what these do is done step by step.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

from pytest_racecheck.runtime.processes.acting import acting_place, sharing
from pytest_racecheck.runtime.processes.folders import LISTING, beside, names_in, opening
from pytest_racecheck.runtime.processes.paths import key_of, path_of, shown, shown_content
from pytest_racecheck.runtime.processes.request import Beside, Place, Request
from pytest_racecheck.runtime.processes.standing import told_of

_READING = (
    "stat",
    "lstat",
    "access",
    "listdir",
    "scandir",
    "readlink",
    "getxattr",
    "listxattr",
    "lseek",
    "fstat",
    "statvfs",
    "fstatvfs",
)
_WRITING = (
    "mkdir", "rmdir", "unlink", "remove", "utime", "truncate", "ftruncate", "chmod", "fchmod", "chown", "fchown", "lchown", "mkfifo",
    "setxattr", "removexattr", "posix_fallocate",
)  # fmt: skip
# These act on the second path that they are given: what is there is replaced.
_MOVING = ("rename", "replace", "link", "symlink")
_LONGEST = 60
_pread: Callable[[int, int, int], bytes] = getattr(os, "pread", lambda *_: b"")
# What they read or write, by what they are given: a length and a place, one buffer, or several.
_TRANSFERS: dict[str, Callable[..., bytes]] = {
    "pread": lambda fd, length, offset: _pread(fd, min(length, _LONGEST), offset),
    "preadv": lambda fd, _buffers, offset, *_flags: _pread(fd, _LONGEST, offset),
    "readv": lambda fd, _buffers: peeked(fd),
    "pwrite": lambda _fd, data, _offset: bytes(data),
    "pwritev": lambda _fd, buffers, *_rest: b"".join(buffers),
    "writev": lambda _fd, buffers: b"".join(buffers),
}
# From which of their arguments to which they copy.
_COPYING = {"sendfile": (1, 0), "copy_file_range": (0, 1)}
_lseek = os.lseek


def operate(
    path: str | None, name: str, *, writes: bool, kind: str = "CALL", depth: int = 3, content: Callable[[], bytes] | None = None,
    place: Place | None = None, also: tuple[Beside, ...] = (),
) -> None:  # fmt: skip
    """Stand before an operation on the file at `path`, if it is one of the program's.

    `content` is what is read or written, for reports. `place` is where the program stands, if that is known. `also` is what else it touches.
    """
    processes = sharing() if path is not None else None
    if processes is None or path is None:
        return
    place = place or acting_place(depth)
    if place is None:
        return
    told = None
    if processes.recorded:
        value = None if content is None else shown_content(content())
        told = told_of(None, kind, attribute=name, value=value)._replace(name=shown(path))
    key = names_in(path) if name in LISTING else key_of(path)
    processes.perform(Request("touch", key, writes, place, told, (), also))


def operate_on_descriptor(fd: int, name: str, writes: bool) -> None:
    """The same for a file that is read or written by its descriptor."""
    if sharing() is not None:
        kind = "WRITE" if writes else "READ"
        content = None if writes else lambda: peeked(fd)
        operate(path_of(fd), name, writes=writes, kind=kind, depth=6, content=content)


def peeked(fd: int) -> bytes:
    """What will be read from that descriptor next, without reading it."""
    try:
        return _pread(fd, _LONGEST, _lseek(fd, 0, os.SEEK_CUR))
    except OSError:
        return b""


def _pointed(original: Callable[..., Any], *, writes: bool, which: int) -> Callable[..., Any]:
    name = original.__name__

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if sharing() is not None:
            source, path = _paths(name, args, kwargs, which)
            if path is not None:
                also = beside(name, path, source)
                operate(path, name, writes=writes, also=also)
        return original(*args, **kwargs)

    return call


def _paths(name: str, args: Any, kwargs: Any, which: int) -> tuple[str | None, str | None]:
    """The path that a call acts on, after that which it takes it from; None for those that it is not given."""
    if which:
        given = [*args, *(kwargs[one] for one in ("src", "dst")[len(args) :] if one in kwargs)]
        if len(given) < 2:
            return None, None
        folders = kwargs.get("src_dir_fd"), kwargs.get("dst_dir_fd")
        return path_of(given[0], folders[0]), path_of(given[1], folders[1])
    file = args[0] if args else kwargs.get("path", "." if name in LISTING else None)
    if file is None and name in LISTING:
        file = "."
    return None, path_of(file, kwargs.get("dir_fd"))


def _transferring(
    original: Callable[..., Any], content: Callable[..., bytes]
) -> Callable[..., Any]:
    name = original.__name__
    writes = "write" in name

    @functools.wraps(original)
    def call(*args: Any) -> Any:
        if args and sharing() is not None:
            operate(
                path_of(args[0]), name, writes=writes, kind="WRITE" if writes else "READ",
                content=lambda: content(*args),
            )  # fmt: skip
        return original(*args)

    return call


def _copying(original: Callable[..., Any], source: int, target: int) -> Callable[..., Any]:
    name = original.__name__

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > max(source, target) and sharing() is not None:
            operate(path_of(args[source]), name, writes=False)
            operate(path_of(args[target]), name, writes=True)
        return original(*args, **kwargs)

    return call


def ask_entry(entry: os.DirEntry[Any], name: str, place: Place) -> bool:
    """The program is about to ask, at `place`, an entry that `os.scandir` has found; whether that asks the system."""
    if name not in ("stat", "is_dir", "is_file", "is_symlink", "is_junction"):
        return False
    operate(path_of(entry.path), name, writes=False, place=place)
    return True


_open = os.open


@functools.wraps(_open)
def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """`os.open`."""
    if sharing() is not None:
        writes = bool(flags & (os.O_CREAT | os.O_TRUNC))
        found = path_of(path, dir_fd)
        also = () if found is None else opening(found, makes=bool(flags & os.O_CREAT))
        operate(found, "open", writes=writes, also=also)
    return _open(path, flags, mode, dir_fd=dir_fd)


def _replacements() -> Iterator[tuple[Any, Any]]:
    for names, writes, which in ((_READING, False, 0), (_WRITING, True, 0), (_MOVING, True, 1)):
        for name in names:
            original = getattr(os, name, None)
            if original is not None:
                yield original, _pointed(original, writes=writes, which=which)
    for name, content in _TRANSFERS.items():
        if hasattr(os, name):
            yield getattr(os, name), _transferring(getattr(os, name), content)
    for name, (source, target) in _COPYING.items():
        if hasattr(os, name):
            yield getattr(os, name), _copying(getattr(os, name), source, target)
    yield _open, open_


REPLACEMENTS = tuple(_replacements())


@contextlib.contextmanager
def entered() -> Iterator[None]:
    """Inside the block whoever asks what a function of `os` can do is told the same of what takes its place."""
    added = [
        (supporters, replacement)
        for supporters in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks)
        for original, replacement in REPLACEMENTS
        if original in supporters
    ]  # fmt: skip
    for supporters, replacement in added:
        supporters.add(replacement)
    try:
        yield
    finally:
        for supporters, replacement in added:
            supporters.discard(replacement)
