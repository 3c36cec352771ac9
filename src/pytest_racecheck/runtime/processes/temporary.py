"""Where multiprocessing's sockets lie that a program's processes make.

Each process makes a folder of its own for them when it first needs one, and removes it at its end; what is made in a process that is killed stays for
ever. A test that does so, or whose run is ended, would leave one in each of a thousand runs. Processes share the folder of the one that has
made them where that has one, as they do after a plain program's first socket: so they are given one, and it is removed with all that is in it.
Nobody who starts no process has one: a session that a time limit ends by force would leave it.
"""

from __future__ import annotations

import shutil
import tempfile
from multiprocessing import process
from typing import Any

from pytest_racecheck.runtime.processes.suspension import uncontrolled

_KEY = "tempdir"
# The path of a socket has room for 107 characters, and its name takes eighteen of them.
_LONGEST = 88


class SharedFolder:
    """One for all processes of a campaign, made when the first of them is."""

    def __init__(self) -> None:
        self._path: str | None = None

    def lodge(self, made: process.BaseProcess) -> None:
        """Have `made`, which is about to be started, use it, unless it has one."""
        if _has_one(made):
            return
        if self._path is None:
            with uncontrolled():
                self._path = tempfile.mkdtemp(prefix="pymp-")
        lodge(made, self._path)

    def remove(self) -> None:
        """There will be no more processes."""
        path, self._path = self._path, None
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)


def lodge(made: process.BaseProcess, folder: str) -> None:
    """Have `made`, which is about to be started, use `folder`, which somebody else will remove; one that it has already is kept."""
    if not _has_one(made) and len(folder) <= _LONGEST:
        _config(made)[_KEY] = folder


def _has_one(made: process.BaseProcess) -> bool:
    return _config(made).get(_KEY) is not None


def _config(made: process.BaseProcess) -> dict[str, Any]:
    return getattr(made, "_config", {})
