"""What a process is to the program, as far as its end is concerned."""

from __future__ import annotations

import enum
from typing import Any

from pytest_racecheck.model.wording import label_of
from pytest_racecheck.runtime.jitter.payload import Payload


class Role(enum.Enum):
    """Who started a process, and who waits for it.

    `TASK`: the program itself. `LAUNCHED`: a backend, to run an explicit target. `WORKER`: a pool or an executor, which ends
    it as it likes. `SERVER`: a manager; it acts for other tasks and is one itself only where code in scope runs in it.
    """

    TASK = "task"
    LAUNCHED = "launched"
    WORKER = "worker"
    SERVER = "server"


_WORKERS = {"multiprocessing.pool": "worker", "concurrent.futures.process": "_process_worker"}


def role_of(process: Any) -> Role:
    """The role of a process that is about to start."""
    target = getattr(process, "_target", None)
    if isinstance(target, Payload):
        return Role.LAUNCHED
    name, module = getattr(target, "__name__", ""), getattr(target, "__module__", "")
    if _WORKERS.get(module) == name:
        return Role.WORKER
    if module == "multiprocessing.managers" and name == "_run_server":
        return Role.SERVER
    return Role.TASK


def process_label(process: Any, role: Role) -> str:
    """What a report calls such processes: their target's name, else their class's."""
    if role in (Role.WORKER, Role.SERVER):
        return str(role.value)
    target = getattr(process, "_target", None)
    if isinstance(target, Payload):
        return target.label
    return label_of(target, type(process).__name__)


def title_of(process: Any) -> str | None:
    """The name that the program gave the process; None if multiprocessing made it up."""
    made_up = f"{type(process).__name__}-{':'.join(map(str, process._identity))}"
    return None if process.name == made_up else str(process.name)
