"""A fresh interpreter that is kept, with everything prepared, for processes that are to begin with one.

To start an interpreter, and import what a controlled process needs, takes a hundred times as long as a run. So one is started for the campaign, and
the program's processes are forked from it, whether they were to be spawned or to come from the library's fork server: it is such a server. What
they find is what they would find: none of the program's own modules is loaded, no thread runs, no descriptor is open but those
they are given. What they find loaded already are modules of the library, and of others that the program's modules have imported.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from multiprocessing import context, forkserver
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.runtime.context import control

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

# While a campaign is on, that of `os` is a controlled one.
_kill = os.kill
_PREPARED = "pytest_racecheck.runtime.processes.prepared"
_ForkServer: Any = vars(forkserver)["ForkServer"]
_connect: Any = vars(forkserver)["connect_to_new_process"]
_fork_server: Any = vars(forkserver)["_forkserver"]
_spawned = vars(context.SpawnProcess)["_Popen"]


class Zygote:
    """Started when it is first needed; `stop` when nobody needs it any more."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._server: Any = None

    def connect(self, fds: Any) -> Any:
        """A new process; see `ForkServer.connect_to_new_process`."""
        if self._server is None:
            self._server = _ForkServer()
            wanted = [*_fork_server._preload_modules, *_modules(self._scope), _PREPARED]
            self._server.set_forkserver_preload(
                [name for name in dict.fromkeys(wanted) if name != "__main__"]
            )
        made = self._server.connect_to_new_process(fds)
        control.suspended.outside.parts.add(self._server._forkserver_pid)
        return made

    def forget(self) -> None:
        """This process was forked from the one that it belongs to."""
        self._server = None

    def stop(self) -> None:
        """End it."""
        server, self._server = self._server, None
        pid = None if server is None else server._forkserver_pid
        if pid is not None:
            with contextlib.suppress(OSError):
                _kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                server._stop()


def _modules(scope: Scope) -> list[str]:
    """What is loaded by now of the library, and what the program's own modules use of others."""
    own = set(scope.modules())
    found = {
        name for name in list(sys.modules) if name.partition(".")[0] in sys.stdlib_module_names
    }
    for name in own:
        found |= set(_used_by(sys.modules.get(name)))
    found -= own
    return sorted(name for name in found if name in sys.modules and not name.startswith("__"))


def _used_by(module: Any) -> list[str]:
    values = list(vars(module).values()) if isinstance(module, ModuleType) else []
    homes = [
        value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        for value in values
    ]
    return [home for home in homes if isinstance(home, str)]


def _of_program() -> Zygote | None:
    processes = None if control.suspended is None else control.suspended.processes
    return None if processes is None else processes.world.zygote


def connect_to_new_process(fds: Any) -> Any:
    """`forkserver.connect_to_new_process`."""
    zygote = _of_program()
    if zygote is None:
        return _connect(fds)
    return zygote.connect(fds)


def _popen(process_obj: Any) -> Any:
    """`SpawnProcess._Popen`."""
    if _of_program() is None:
        return _spawned.__func__(process_obj)
    from multiprocessing.popen_forkserver import Popen

    return Popen(process_obj)


ATTRIBUTES: tuple[Attribute, ...] = (
    (context.SpawnProcess, "_Popen", staticmethod(_popen)),
    (forkserver, "connect_to_new_process", connect_to_new_process),
)
