"""What a file is known by in all processes: its path, without links and dots on the way to it."""

from __future__ import annotations

import os
from typing import Any

from pytest_racecheck.runtime.processes.request import Key

# While a campaign is on, those of `os` are controlled ones.
_readlink = getattr(os, "readlink", None)
_realpath = os.path.realpath
_lstat = os.lstat
_folders: dict[str, str] = {}
_MOST_FOLDERS = 10_000
_LONGEST = 60


def path_of(file: Any, dir_fd: int | None = None) -> str | None:
    """The path of a file that is given by name or by descriptor; None for what is none, such as a pipe."""
    if isinstance(file, int):
        return _of_descriptor(file)
    try:
        name = os.fsdecode(os.fspath(file))
    except (TypeError, ValueError):
        return None
    if dir_fd is not None:
        folder = _of_descriptor(dir_fd)
        if folder is None:
            return None
        name = os.path.join(folder, name)
    name = os.path.abspath(name)
    folder, base = os.path.split(name)
    return os.path.join(_without_links(folder), base)


def key_of(path: str) -> Key:
    """The key of the file at that path."""
    return ("file", path)


def shown(path: str) -> str:
    """What a report calls a file: its name, in quotes. Where a run has put it says nothing, and differs from run to run."""
    return repr(os.path.basename(path) or path)


def shown_content(content: bytes) -> str:
    """What is read or written, as text if it is one."""
    content = bytes(content[:_LONGEST])
    try:
        return repr(content.decode())
    except UnicodeDecodeError:
        return repr(content)


def _without_links(folder: str) -> str:
    """Where a folder really is. Folders are hardly ever moved while a test runs, and to look takes a call for each part."""
    found = _folders.get(folder)
    if found is None:
        if len(_folders) > _MOST_FOLDERS:
            _folders.clear()
        found = _folders[folder] = _uncontrolled_realpath(folder)
    return found


def _uncontrolled_realpath(folder: str) -> str:
    from pytest_racecheck.runtime.processes.suspension import uncontrolled

    with uncontrolled():
        return _realpath(folder)


def _of_descriptor(fd: int) -> str | None:
    if _readlink is None:
        return None
    try:
        target = os.fsdecode(_readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        return None
    return target.removesuffix(" (deleted)") if target.startswith("/") else None
