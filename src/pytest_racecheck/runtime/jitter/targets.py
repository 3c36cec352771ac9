"""Explicit targets as a program: setup, the tasks, check.

Which of the three failed matters. A target's exception fails its task, and the others go on, as real threads do. `check` fails
the run when it raises or returns False; any other answer is a mistake in the test and is said to be one. When `setup` raises
there was nothing to run: that is no outcome, it ends the campaign.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import BuiltinFunctionType
from typing import Any

from pytest_racecheck.model.errors import CheckFailed, RacecheckError, SetupFailed, UsageError
from pytest_racecheck.model.wording import shortened
from pytest_racecheck.runtime.backend import Backend, Body
from pytest_racecheck.runtime.context import Unobserved

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class TargetsProgram:
    """Runs `bodies` as tasks of `backend`, each run with a state of its own."""

    name: str
    backend: Backend
    bodies: tuple[tuple[Callable[..., object], str], ...]
    setup: Callable[..., object] | None
    check: Callable[..., object] | None
    _wants_shared: bool = field(init=False, default=True)
    # What gives `setup` as its own module has it now.
    _from: Callable[[], Callable[..., object]] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Look at the signature of `setup` once, not before each of a thousand runs."""
        if self.setup is not None:
            object.__setattr__(self, "_wants_shared", wants_shared(self.setup))
            object.__setattr__(self, "_from", _place_of(self.setup))

    def __call__(self, world: Any) -> None:
        """One run: raises what `check` raises; what targets raise is recorded in `world`."""
        state = self._state(world)
        bodies = [Body(target, state, label) for target, label in self.bodies]
        self.backend.launch(world, bodies)
        self._check(state)

    def _state(self, world: Any) -> tuple[Any, ...]:
        if self.setup is None:
            return ()
        setup = self.setup if self._from is None else self._from()
        try:
            with Unobserved():
                made = setup(self.backend.shared()) if self._wants_shared else setup()
        except RacecheckError:
            raise
        except Exception as error:
            raise SetupFailed(
                f"setup of {self.name} raised {type(error).__name__}: {error} (run {world.number})"
            ) from error
        if made is None:
            return ()
        return made if isinstance(made, tuple) else (made,)

    def _check(self, state: tuple[Any, ...]) -> None:
        if self.check is None:
            return
        with Unobserved():
            answer = self.check(*state)
        if answer is False:
            name = getattr(self.check, "__name__", "check")
            raise CheckFailed(f"{name} returned False\nits arguments: {_shown(state)}")
        if answer is not None and answer is not True:
            raise UsageError(
                f"check of {self.name} returned {answer!r}; expected True, False, None or an exception"
            )


def _shown(state: tuple[Any, ...]) -> str:
    return shortened(", ".join(repr(value) for value in state), _WIDTH)


def _place_of(setup: Callable[..., object]) -> Callable[[], Callable[..., object]] | None:
    """Where a factory in C, such as `threading.Lock`, is found: while a program is controlled there is another one."""
    if not isinstance(setup, BuiltinFunctionType | type):
        return None
    module, name = sys.modules.get(setup.__module__), setup.__name__
    is_there = module is not None and vars(module).get(name) is setup
    return partial(getattr, module, name) if is_there else None


def wants_shared(setup: Callable[..., object]) -> bool:
    """Whether `setup` is to be given the maker of shared objects: `list`, or a class whose arguments have defaults of their own, is not."""
    if getattr(setup, "__module__", None) == "threading":
        # `RLock` takes anything, and warns of it.
        return False
    try:
        parameters = inspect.signature(setup).parameters.values()
    except (TypeError, ValueError):
        # Nothing in C wants it.
        return False
    return any(one.name == "shared" or _must_be_given(one) for one in parameters)


def _must_be_given(parameter: inspect.Parameter) -> bool:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return True
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return parameter.kind in positional and parameter.default is inspect.Parameter.empty
