"""`contextlib.ExitStack`: what it calls when it is left.

It is Python code of the library, where no hooks are, and what it calls may be a function in C: `stack.callback(setattr, thing, "n", before)`. Whoever makes
such a call in his own code stands before it, and so does the task that leaves the stack. The stack itself, to which several tasks may add and which
one of them may empty, is a container (`contents.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import control
from pytest_racecheck.runtime.threads.beginning import stand_before
from pytest_racecheck.runtime.threads.identities import calling_task

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.patches import Attribute

_stack: Any = contextlib.ExitStack.__mro__[1]
_NAME = "_create_cb_wrapper"
_wrapped: Callable[..., Any] = getattr(_stack, _NAME)


def _wrap(callback: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`ExitStack._create_cb_wrapper`."""
    if calling_task() is None:
        return _wrapped(callback, *args, **kwargs)

    def call(*args: Any, **kwargs: Any) -> object:
        if calling_task() is not None:
            stand_before(control.scheduler, callback, args)
        return callback(*args, **kwargs)

    return _wrapped(call, *args, **kwargs)


ATTRIBUTES: list[Attribute] = [(_stack, _NAME, staticmethod(_wrap))]
