"""An independent judge of the kernels: every interleaving of a tiny one, by plain depth-first search.

The engine must not be the only witness that a kernel has the bug it is said to have, in as few preemptions as it is said, and
that a twin has none. This model shares nothing with the engine: no bytecode is rewritten; the state's classes are
replaced by subclasses that announce each read and write of a number, and locks by models of locks. It covers kernels that
share attributes and locks, not containers. What it counts is laid down in the published tables: a run stops at the first
failure, and there is a choice only where two tasks or more could go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import greenlet
from kernels.kernel import Kernel

Choose = Callable[[tuple[int, ...]], int]


@dataclass
class Run:
    """One interleaving: whether it failed, what was chosen among what, and how many tasks were interrupted."""

    failed: bool = False
    choices: list[tuple[tuple[int, ...], int]] = field(default_factory=list)
    preemptions: int = 0


class ModelLock:
    """A lock whose acquire and release are operations."""

    def __init__(self) -> None:
        self.held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Wait until it is free, unless told not to."""
        if not blocking:
            announce(always)
            taken, self.held = not self.held, True
            return taken
        announce(lambda: not self.held)
        self.held = True
        return True

    def release(self) -> None:
        """Let it go."""
        announce(always)
        self.held = False

    def locked(self) -> bool:
        """Somebody holds it."""
        return self.held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def always() -> bool:
    """An operation that can always be done."""
    return True


def announce(enabled: Callable[[], bool]) -> None:
    """Stand before an operation until the scheduler lets this task go on; outside a task, just go on."""
    current = greenlet.getcurrent()
    if current.parent is not None:
        current.parent.switch(enabled)


@contextmanager
def model_locks() -> Iterator[None]:
    """Locks made meanwhile are models."""
    names = ("Lock", "RLock", "_allocate_lock")
    originals = {name: getattr(threading, name) for name in names}
    for name in names:
        setattr(threading, name, ModelLock)
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(threading, name, original)


def watched(cls: type, written: set[str]) -> type:
    """A subclass that announces reads and writes of the attributes that are ever written."""

    def read(self: Any, name: str) -> Any:
        if name in written:
            announce(always)
        return object.__getattribute__(self, name)

    def write(self: Any, name: str, value: object) -> None:
        written.add(name)
        announce(always)
        object.__setattr__(self, name, value)

    return type(cls.__name__, (cls,), {"__getattribute__": read, "__setattr__": write})


class Model:
    """One kernel under the scheduler below."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.classes: dict[type, type] = {}
        self.written: set[str] = set()
        self.run(lambda enabled: enabled[0])
        self.run(lambda enabled: enabled[-1])

    def run(self, choose: Choose) -> Run:
        """The interleaving that `choose` leads to."""
        with model_locks():
            state = self._state()
            tasks = [greenlet.greenlet(body) for body in self.kernel.bodies]
            run = Run()
            run.failed = not self._schedule(tasks, state, choose, run)
            if not run.failed and self.kernel.check is not None:
                run.failed = self.kernel.check(*state) is False
            return run

    def _state(self) -> tuple[Any, ...]:
        assert self.kernel.setup is not None
        state = self.kernel.setup(None)
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            if type(part).__module__.startswith("kernels."):
                known = self.classes.setdefault(type(part), watched(type(part), self.written))
                object.__setattr__(part, "__class__", known)
        return parts

    def _schedule(self, tasks: list[Any], state: tuple[Any, ...], choose: Choose, run: Run) -> bool:
        """Whether all tasks came to their ends."""
        try:
            pending = {i: task.switch(*state) for i, task in enumerate(tasks)}
            current = None
            while pending := {i: enabled for i, enabled in pending.items() if not tasks[i].dead}:
                able = tuple(i for i, enabled in pending.items() if enabled())
                if not able:
                    return False
                chosen = able[0]
                if len(able) > 1:
                    chosen = choose(able)
                    run.choices.append((able, chosen))
                run.preemptions += current in able and current != chosen
                current = chosen
                pending[chosen] = tasks[chosen].switch()
        except (AssertionError, LookupError, ValueError):
            return False
        return True


def interleavings(kernel: Kernel) -> Iterator[Run]:
    """Each interleaving once."""
    model = Model(kernel)
    prefix: list[int] = []
    while True:
        ahead = iter(prefix)
        run = model.run(lambda able: next(ahead, able[0]))
        yield run
        while run.choices and run.choices[-1][0][-1] == run.choices[-1][1]:
            run.choices.pop()
        if not run.choices:
            return
        able, chosen = run.choices.pop()
        prefix = [choice for _, choice in run.choices] + [able[able.index(chosen) + 1]]
