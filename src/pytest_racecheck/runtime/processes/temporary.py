"""Where multiprocessing's sockets lie that a program's processes make.

Each process makes a folder of its own for them when it first needs one, and removes it at its end; what is made in a process that is killed stays for
ever. A test that does so, or whose run is ended, would leave one in each of a thousand runs. Processes share the folder of the one that has
made them where that has one, as they do after a plain program's first socket: so they are given one, and it is removed with all that is in it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing import process
from typing import Any

_KEY = "tempdir"
# The path of a socket has room for 107 characters, and its name takes eighteen of them.
_LONGEST = 88


@contextlib.contextmanager
def shared_folder() -> Iterator[None]:
    """Inside the block this process has a folder for itself and those that it makes; removed at the end, unless it had one before."""
    config: dict[str, Any] = getattr(process.current_process(), "_config", {})
    if config.get(_KEY) is not None:
        yield
        return
    folder = tempfile.mkdtemp(prefix="pymp-")
    try:
        if len(folder) <= _LONGEST:
            config[_KEY] = folder
        yield
    finally:
        config[_KEY] = None
        shutil.rmtree(folder, ignore_errors=True)


def lodge(made: process.BaseProcess, folder: str) -> None:
    """Have `made`, which is about to be started, use `folder`, which somebody else will remove; one that it has already is kept."""
    config: dict[str, Any] = getattr(made, "_config", {})
    if config.get(_KEY) is None and len(folder) <= _LONGEST:
        config[_KEY] = folder
