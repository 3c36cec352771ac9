"""Explicit targets as controlled tasks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.threads.shared import ThreadShared


class ControlledThreads:
    """Each body is a task of the run; satisfies `runtime.backend.Backend`."""

    name = "thread"

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Tasks need nothing that outlives a run."""
        yield

    def shared(self) -> ThreadShared:
        """Plain objects, and threading's, which are controlled as all locks are."""
        return ThreadShared()

    def launch(self, world: Any, bodies: Sequence[Body]) -> None:
        """Start all bodies, release them together, and wait for them."""
        world.launch(bodies)

    def discard(self) -> None:
        """There is nothing to throw away."""
