"""An explicit target as what a process runs, whatever its start method.

A forked child has the target already; to the others it is sent by `travel.py`. Either way it first waits at a gate, where
the parent lets all the tasks of a run go at once.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.context import Unobserved

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from pytest_racecheck.runtime.jitter.travel import Traveller


class Payload:
    """Waits at its gate, if it has one, and runs a body.

    `foreign` are the parent's ends of gates: a forked child holds copies of them, and must not, or it would not notice the
    parent's end.
    """

    def __init__(
        self,
        body: Body,
        traveller: Traveller | None,
        gate: Connection | None = None,
        foreign: Sequence[Connection] = (),
    ) -> None:
        self.label = body.label
        self._body = body
        self._traveller = traveller
        self._gate = gate
        self._foreign = tuple(foreign)

    def __call__(self) -> None:
        """The body of the process."""
        if self._gate is not None:
            with Unobserved():
                _pass_gate(self._gate, self._foreign)
        self._body.target(*self._body.args)

    def __reduce__(self) -> tuple[Callable[..., Payload], tuple[Any, ...]]:
        """Travel with target and arguments as bytes of their own."""
        assert self._traveller is not None
        return _arrived, (self.label, self._traveller.packed(self._body), self._gate)


def _arrived(label: str, packed: bytes, gate: Connection | None) -> Payload:
    target, args = pickle.loads(packed)
    return Payload(Body(target, args, label), None, gate)


def _pass_gate(gate: Connection, foreign: Sequence[Connection]) -> None:
    for connection in foreign:
        connection.close()
    try:
        gate.send_bytes(b"ready")
        gate.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
    gate.close()
