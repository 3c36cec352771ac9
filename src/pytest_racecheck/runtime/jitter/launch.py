"""The explicit targets of one run on processes: started, released together, waited for.

Every child has a gate, a pipe of its own: the child says that it is ready, and waits. When all are ready all are let go. A
child that dies before that closes its pipe, and one whose parent dies finds its own closed, so nobody waits in vain.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.interrupts import held_for_a_child
from pytest_racecheck.runtime.jitter.ending import end_all, exit_code, wait_for
from pytest_racecheck.runtime.jitter.payload import Payload
from pytest_racecheck.runtime.jitter.stacks import hang_from, stack_of
from pytest_racecheck.runtime.jitter.travel import Traveller
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.processes.forking import unwarned_fork

# Seconds in which all hung tasks together can say where they stand. The whole run has no more than one left by then.
_PATIENCE = 0.6


class Launch:
    """One run of explicit targets; `context` is that of a start method. `hung` tells afterwards whether any had to be ended."""

    def __init__(self, world: World, context: Any, bodies: Sequence[Body]) -> None:
        self.hung = False
        self._world = world
        self._context = context
        self._bodies = bodies
        self._gates: list[Any] = []
        self._processes: list[Any] = []

    def run(self) -> None:
        """Start, release and await all bodies. Whatever happens, none is left running."""
        plan = self._world.plan
        try:
            with quiet_start(self._context):
                for body in self._bodies:
                    self._start(body, gated=plan.serial is None)
            end = time.monotonic() + plan.deadline
            self._await_readiness(end)
            self._release()
            left = wait_for(self._processes, plan.deadline)
            if left:
                self._end_hung(left)
        finally:
            for gate in self._gates:
                gate.close()
            end_all(self._processes)

    def _start(self, body: Body, gated: bool) -> None:
        traveller = Traveller(self._world.plan.scope.contains, self._world.original)
        mine = theirs = None
        if gated:
            mine, theirs = self._context.Pipe()
            self._gates.append(mine)
        payload = Payload(body, traveller, theirs, self._gates)
        process = self._context.Process(target=payload)
        try:
            process.start()
        finally:
            if theirs is not None:
                theirs.close()
        self._processes.append(process)

    def _await_readiness(self, end: float) -> None:
        """Wait until every child is at its gate, or dead."""
        from multiprocessing.connection import wait

        waiting = list(self._gates)
        while waiting and (left := end - time.monotonic()) > 0:
            for gate in wait(waiting, left):
                waiting.remove(gate)

    def _release(self) -> None:
        for gate in self._gates:
            with contextlib.suppress(OSError):
                gate.send_bytes(b"go")

    def _end_hung(self, processes: list[Any]) -> None:
        self.hung = True
        plan = self._world.plan
        for process in processes:
            stack = stack_of(process.pid, plan.directory, _PATIENCE / len(processes))
            self._world.record(hang_from(process.name, plan.deadline, stack, plan.scope.contains))
        end_all(processes)

    @property
    def aborted(self) -> bool:
        """Some body did not come to its own end, so it may have left locks taken."""
        return self.hung or any((exit_code(process) or 0) < 0 for process in self._processes)


@contextlib.contextmanager
def quiet_start(context: Any) -> Iterator[None]:
    """Start children without what is of no use to them.

    A fresh interpreter need not run the main script again: what a target needs from it travels by value.
    """
    from multiprocessing import spawn

    prepare = spawn.get_preparation_data

    def prepared(name: str) -> dict[str, Any]:
        data = prepare(name)
        return {key: value for key, value in data.items() if not key.startswith("init_main")}

    spawn.get_preparation_data = prepared
    try:
        with unwarned_fork(context), _interrupts_held(context):
            yield
    finally:
        spawn.get_preparation_data = prepare


@contextlib.contextmanager
def _interrupts_held(context: Any) -> Iterator[None]:
    """Let Ctrl-C wait while processes are started, and keep it from them until they are far enough to ignore it.

    Not where a fork server starts them: it would hand that on to others.
    """
    if context.get_start_method() == "forkserver":
        yield
        return
    with held_for_a_child():
        yield
