"""A controlled task: a greenlet, and what it is about to do."""

from __future__ import annotations

from collections.abc import Callable
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from pytest_racecheck.model.profile import PointNumber

if TYPE_CHECKING:
    from greenlet import greenlet

    from pytest_racecheck.runtime.threads.called_back import Inside
    from pytest_racecheck.runtime.threads.resources import Resource


class Aborted(BaseException):
    """Raised inside a task whose run is over; never seen by anyone but the task's own `finally` and `except BaseException`."""


def let_go(unwound: Aborted) -> None:
    """Have the functions that were unwound let go of their variables.

    A collection would do so as well, for they are in cycles with the exception; but up to 3.12.1 it crashes on a buffer of `io.BytesIO` there, such as
    multiprocessing has of what it is about to send.
    """
    clear_frames(unwound.__traceback__)


class Task:
    """One unit of execution of one run.

    `index` counts tasks by creation, the main task is 0. `key` names the task alike in every run: its parent's key, what it was
    made from, and a counter. `ident` is what `threading.get_ident()` tells it.

    `resource`, `writes` and `point` describe its pending operation. `enabled` says whether it stands in the scheduler's list.
    `wait` describes for reports why it is not. `deadline` is the virtual time at which a timed wait ends; the scheduler sets
    `timed_out` when it ended that way. `told` is what a report is to say of an operation on something that processes share, while it is
    pending. `doing` is what its last operation is on, until it comes to the next: C code in the middle of one may call the program. `called` is the call with its arguments that it is, while it is watched. `remote`: it lives in another process, and its greenlet stands in for it.
    """

    __slots__ = (
        "aborts", "called", "called_back", "children", "daemon", "deadline", "doing", "enabled", "ended", "event", "greenlet", "ident", "index", "key",
        "local", "loop", "name", "on_end", "operations", "packaged", "parent", "point", "rank", "remote", "resource", "thread", "timed_out",
        "told", "wait", "writes",
    )  # fmt: skip

    def __init__(
        self, index: int, key: str, name: str, parent: Task | None, ident: int, daemon: bool
    ) -> None:
        self.index = index
        self.key = key
        self.name = name
        self.parent = parent
        self.ident = ident
        self.daemon = daemon
        self.greenlet: greenlet | None = None
        self.thread: Any = None
        self.resource: Resource | None = None
        self.writes = False
        self.doing: Resource | None = None
        # Functions that C code has called in the middle of an operation, the innermost last.
        self.called_back: list[Inside] = []
        self.point: PointNumber = -1
        self.rank = 0.0
        self.enabled = False
        self.ended = False
        self.wait: Wait | None = None
        self.deadline: float | None = None
        self.timed_out = False
        self.children: dict[str, int] = {}
        # The hash of everything that happened before this task's next operation.
        self.event = hash((index, 1))
        self.operations = 0
        self.aborts = 0
        self.called: tuple[object, tuple[object, ...]] | None = None
        self.loop: Any = None
        # A package has started it, and wants nobody to wait for it.
        self.packaged = False
        # Its values of `threading.local`, while another task's are in their place.
        self.local: Any = None
        self.told: Any = None
        self.remote = False
        # Called when it has ended, by the scheduler, before it is decided who goes on.
        self.on_end: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<Task {self.index} {self.name}>"

    def child_key(self, label: str) -> str:
        """The key of the next task it makes from `label`."""
        number = self.children[label] = self.children.get(label, 0) + 1
        return f"{self.key}/{label}:{number}"

    def count_made(self) -> int:
        """How many primitives it has made, one more included."""
        count = self.children[""] = self.children.get("", 0) + 1
        return count


class Wait:
    """Why a task cannot go on: what it wants to do, on what, and who would have to let it."""

    __slots__ = ("holder", "operation", "subject")

    def __init__(self, operation: str, subject: Any, holder: Any = None) -> None:
        self.operation = operation
        self.subject = subject
        self.holder = holder
