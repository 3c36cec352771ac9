"""The file system as threads share it: which calls look at it, and which may change it.

It is one resource. Two paths may lead to one file, what a function does with the names that it is given cannot be seen, and a rename changes two
folders; so every change conflicts with every look at any file. What only computes with names, and what a process asks about itself, touches nothing.

Processes are told more exactly, path by path (`runtime/processes/file_calls.py`): there every call passes through a function of the tool's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from pytest_racecheck.model.trace import FILES
from pytest_racecheck.runtime.threads.resources import CONTENTS, Touched, is_a

# Built-in functions of these modules act on the world outside, which all tasks share. `open` says until 3.11 that it is of `io`.
_BUILTIN = frozenset({"posix", "nt", "_io", "io", "fcntl", "_sqlite3", "mmap"})
_IN_PYTHON = frozenset(
    {"os", "shutil", "pathlib", "tempfile", "genericpath", "posixpath", "ntpath", "glob", "fileinput", "sqlite3"}
)  # fmt: skip
_READING = frozenset(
    {
        "exists", "lexists", "isfile", "isdir", "islink", "ismount", "isjunction", "getsize", "getmtime", "getatime", "getctime",
        "samefile", "sameopenfile", "stat", "lstat", "fstat", "statvfs", "fstatvfs", "access", "listdir", "scandir", "walk", "fwalk",
        "readlink", "realpath", "getcwd", "getcwdb", "getxattr", "listxattr", "read", "pread", "readv", "preadv", "lseek", "glob", "iglob",
        "which", "disk_usage", "getenv",
    }
)  # fmt: skip
_PURE = frozenset(
    {
        "join", "split", "splitext", "splitdrive", "splitroot", "basename", "dirname", "normpath", "normcase", "isabs", "abspath",
        "relpath", "commonpath", "commonprefix", "expanduser", "expandvars", "samestat", "fspath", "fsencode", "fsdecode", "getpid", "getppid",
        "getpgid", "getpgrp", "getsid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getlogin", "cpu_count", "process_cpu_count",
        "urandom", "getrandom", "uname", "times", "strerror", "sched_yield", "get_terminal_size", "get_exec_path", "waitstatus_to_exitcode",
        "text_encoding", "has_magic", "escape",
    }
)  # fmt: skip
_PATH_READING = frozenset(
    {
        "exists", "is_file", "is_dir", "is_symlink", "is_mount", "is_junction", "is_socket", "is_fifo", "is_block_device",
        "is_char_device", "stat", "lstat", "read_text", "read_bytes", "iterdir", "glob", "rglob", "walk", "readlink", "resolve", "samefile",
        "owner", "group",
    }
)  # fmt: skip
_PATH_WRITING = frozenset(
    {
        "write_text", "write_bytes", "mkdir", "rmdir", "unlink", "touch", "rename", "replace", "chmod", "lchmod", "symlink_to",
        "hardlink_to", "link_to", "copy", "copy_into", "move", "move_into",
    }
)  # fmt: skip
_TO_ANOTHER = frozenset(
    {
        "rename", "renames", "replace", "move", "link", "symlink", "copy", "copy2", "copyfile", "copymode", "copystat", "copytree",
    }
)  # fmt: skip
_READ_MODES = frozenset({"r", "rb", "rt", "br", "tr"})


def is_outside(module: object) -> bool:
    """Whether built-in functions of that module act on files and the like."""
    return module in _BUILTIN


def is_about_files(module: str) -> bool:
    """The same of a module in Python."""
    return module in _IN_PYTHON


def of_function(name: str, arguments: tuple[object, ...]) -> Touched | None:
    """What a function of such a module touches, by its name."""
    if name in _PURE:
        return None
    if name == "open":
        return (sys, FILES, not _only_reads(arguments))
    return (sys, FILES, name not in _READING)


def of_path(method: Callable[..., Any], arguments: tuple[object, ...]) -> Touched | None:
    """What a method of a `pathlib` path touches; the path itself never changes."""
    name = method.__name__
    if name == "open":
        return (sys, FILES, not _only_reads((None, *arguments)))
    if name in _PATH_WRITING:
        return (sys, FILES, True)
    return (sys, FILES, False) if name in _PATH_READING else None


def file_in(callee: Any, arguments: tuple[object, ...]) -> str | None:
    """The name of the file that a call on files is given, as a report says it: without the folder, which differs from run to run.

    What takes another file's place, or becomes another name of it, is about the one that it is then.
    """
    given = (getattr(callee, "__self__", None), *arguments)
    paths: list[Any] = [one for one in given if is_a(one, (PurePath, str, bytes))]
    if not paths:
        return None
    path = paths[-1] if callee.__name__ in _TO_ANOTHER else paths[0]
    return os.path.basename(os.fsdecode(path))


def of_print(arguments: tuple[object, ...]) -> Touched:
    """`print` writes to the file that it is given, which is seen among two arguments, or to what is standard output just now."""
    given = [one for one in arguments if hasattr(type(one), "write")]
    return (given[-1] if given else sys.stdout, CONTENTS, True)


def is_path(obj: object) -> bool:
    """Whether it is a path of `pathlib`, or of a class made from those."""
    return is_a(obj, PurePath)


def _only_reads(arguments: tuple[object, ...]) -> bool:
    """Whether `open` with these arguments, the first two of them, leaves the file as it is: it does not where that is not certain.

    Of files that `os.open` has opened each `os.write` is seen; of those that `open` has, nothing more is.
    """
    if len(arguments) == 1:
        return True
    if len(arguments) < 2:
        return False
    mode = arguments[1]
    if type(mode) is int:
        return not mode & (os.O_CREAT | os.O_TRUNC)
    return type(mode) is str and mode in _READ_MODES
