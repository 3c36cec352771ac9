"""Where tasks live: what a campaign over explicit targets asks of a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from pytest_racecheck.runtime.jitter.world import World

#: One call is one run, in the world that is handed over; and what makes another program of one.
Program: TypeAlias = Callable[[Any], None]
Around: TypeAlias = Callable[[Program], Program]


def as_it_is(program: Program) -> Program:
    """The program itself."""
    return program


class Body(NamedTuple):
    """One task to start: what it calls, with which arguments, and the label its name is made of."""

    target: Callable[..., object]
    args: tuple[Any, ...]
    label: str


class Shared(Protocol):
    """Makes the objects that tasks share, of the backend's own kind. `counter` has one attribute, `value`."""

    def counter(self, start: int = 0) -> Any: ...
    def value(self, typecode: str, start: Any) -> Any: ...
    def array(self, typecode: str, items: Sequence[Any]) -> Any: ...
    def dict(self, start: Any = ()) -> Any: ...
    def list(self, start: Any = ()) -> Any: ...
    def queue(self) -> Any: ...
    def lock(self) -> Any: ...
    def rlock(self) -> Any: ...
    def semaphore(self, value: int = 1) -> Any: ...
    def condition(self) -> Any: ...
    def event(self) -> Any: ...
    def barrier(self, parties: int) -> Any: ...


class Backend(Protocol):
    """Starts explicit targets as tasks under jitter."""

    name: str

    def session(self) -> AbstractContextManager[None]:
        """Hold what all runs of a campaign use, such as a manager's server, and give it back at the end."""

    def shared(self) -> Shared:
        """The maker of shared objects for one run."""

    def launch(self, world: World, bodies: Sequence[Body]) -> None:
        """Start all bodies, release them together, and wait until each has ended or the run's deadline has passed.

        In a control run (`world.plan.serial`) there is no common release: each body may end before the next starts.
        What a body raises, and a body that does not end, is recorded in `world`; nothing is raised for it.
        """

    def discard(self) -> None:
        """Throw away what an aborted run may have left in a bad state."""
