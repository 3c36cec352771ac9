"""Chance as a part of the start: what a run draws is the same in every run of a campaign.

A program that draws a number and goes by it is no function of its schedule. Worse, a test that fails by chance, now and then, would look like one
that fails under some schedules only. So every run begins with the state in which the campaign found the module `random`, and what a task
gets from the operating system (`os.urandom`, and through it `uuid4`, `secrets`, `SystemRandom`, generators without a seed) is a stream of
bytes of its own, in each run from the beginning. With one stream for all, who draws first would decide who gets what: an order that
matters where in truth none does.

The streams are others in each campaign. What two tests, or two sessions, leave behind under names that they drew would otherwise meet.

Most programs draw nothing, and to look at the state of `random` takes longer than their whole run. So it is looked at after runs
1, 2, 4, 8, ..., until it turns out that runs change it; from there on each one is given its start. One who sets that state himself mostly puts it
back in the end, and only a race keeps him from that, in any run: so to seed the module, or to set its state, is to change it.

Not covered: what C code draws by itself (`uuid1`, `ssl`, NumPy), and the order of sets of strings, which the process has decided when it began.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute, Replacement

# As many bytes as a generator without a seed gets from the system.
_SEED_BYTES = 2496
_urandom = os.urandom
_seed: Callable[..., None] = random.Random.seed
_setstate: Callable[..., None] = random.Random.setstate
_module_generator: Any = random.seed.__self__  # type: ignore[attr-defined]


class Chance:
    """What the tasks of one campaign draw; `begin` before each run."""

    def __init__(self) -> None:
        self._state = random.getstate()
        self._key = _urandom(32)
        self._streams: dict[str, random.Random] = {}
        self._begun = 0
        self._restores = False

    def begin(self) -> None:
        """A run begins."""
        number = self._begun
        self._begun += 1
        if not self._restores and not number & (number - 1):
            self._restores = random.getstate() != self._state
        if self._restores:
            _setstate(_module_generator, self._state)
        self._streams.clear()

    def urandom(self, size: int, /) -> bytes:
        """`os.urandom`."""
        task = calling_task()
        if task is None or type(size) is not int or size < 0:
            return _urandom(size)
        stream = self._streams.get(task.key)
        if stream is None:
            stream = self._streams[task.key] = random.Random(self._key + task.key.encode())
        return stream.randbytes(size)

    def seed(self, generator: Any, a: Any = None, version: int = 2) -> None:
        """`Random.seed`."""
        self._set(generator)
        if a is None and calling_task() is not None:
            a = self.urandom(_SEED_BYTES)
        _seed(generator, a, version)

    def setstate(self, generator: Any, state: Any) -> None:
        """`Random.setstate`."""
        self._set(generator)
        _setstate(generator, state)

    def _set(self, generator: Any) -> None:
        if generator is _module_generator and calling_task() is not None:
            self._restores = True

    def replacements(self) -> list[Replacement]:
        """What modules hold meanwhile, and in the place of what."""
        seed, setstate = (MethodType(one, _module_generator) for one in self._methods())
        return [(_urandom, self.urandom), (random.seed, seed), (random.setstate, setstate)]

    def attributes(self) -> list[Attribute]:
        """What classes have meanwhile."""
        seed, setstate = self._methods()
        return [(random.Random, "seed", seed), (random.Random, "setstate", setstate)]

    def _methods(self) -> tuple[Callable[..., None], Callable[..., None]]:
        def seed(generator: Any, a: Any = None, version: int = 2) -> None:
            self.seed(generator, a, version)

        def setstate(generator: Any, state: Any) -> None:
            self.setstate(generator, state)

        return seed, setstate
