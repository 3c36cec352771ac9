"""A manager's server that is there when it is needed, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from multiprocessing.managers import SyncManager
from typing import Any

from pytest_racecheck.runtime.context import Unobserved
from pytest_racecheck.runtime.processes.forking import unwarned_fork

# What a socket's address has room for on every system.
_LONGEST_PATH = 100
_LONGEST_FOLDER = 60


class Server:
    """At most one running server, started at the first use. Its socket lies in a folder that goes with it."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._manager: SyncManager | None = None
        self._folder: str | None = None
        self._retired = False

    def running(self) -> SyncManager:
        """The manager of a server that no aborted run has touched."""
        if self._retired:
            self.stop()
        if self._manager is None:
            self._manager = self._started()
        return self._manager

    def retire(self) -> None:
        """Have the next run use a new server; until then this one answers what is still asked of it."""
        self._retired = True

    def stop(self) -> None:
        """End the server, if there is one."""
        manager, self._manager, self._retired = self._manager, None, False
        folder, self._folder = self._folder, None
        try:
            if manager is not None:
                # What the server's end does is nobody's operation.
                with Unobserved():
                    manager.shutdown()
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _started(self) -> SyncManager:
        address: str | tuple[str, int] | None = None
        if os.name == "posix":
            self._folder = tempfile.mkdtemp(prefix="racecheck-", dir=_short_folder())
            address = os.path.join(self._folder, "manager")
            if len(address) > _LONGEST_PATH:
                address = ("127.0.0.1", 0)
        manager = SyncManager(address, ctx=self._context)
        try:
            with Unobserved(), unwarned_fork(self._context):
                # It ignores Ctrl-C by itself.
                manager.start()
        except BaseException:
            self.stop()
            raise
        return manager


def _short_folder() -> str | None:
    """Where a socket can lie: the path of one has room for about a hundred characters."""
    return None if len(tempfile.gettempdir()) <= _LONGEST_FOLDER else "/tmp"  # noqa: S108
