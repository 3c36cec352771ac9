"""Explicit targets on real processes that share through a manager."""

from __future__ import annotations

from pytest_racecheck.runtime.jitter.process_backend import ProcessBackend
from pytest_racecheck.runtime.processes.shared import ManagerShared


class ManagerBackend(ProcessBackend):
    """Each body is a process; what they share are proxies of one server, which is kept from run to run."""

    name = "manager"

    def shared(self) -> ManagerShared:  # type: ignore[override]
        """Proxies of a multiprocessing.Manager's objects."""
        return ManagerShared(self._server.running())
