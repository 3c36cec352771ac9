"""Executors with processes of their own that were there before the test.

A `ProcessPoolExecutor` made at import starts its processes when the first test hands it work, and keeps them for the tests after
that. As tasks they would be ended with the run, and the pool would be broken for good. So they are left alone, and it is said
that what they did was not explored. Executors that the test makes itself are marked when they are made.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pytest_racecheck.runtime.context import Unobserved
from pytest_racecheck.runtime.jitter.entrance import entrance_shut

_OWN = "_racecheck_own"
_TEXT = "work for a ProcessPoolExecutor that was there before the test is not controlled"


@contextlib.contextmanager
def left_alone(tell: Callable[[str], None]) -> Iterator[None]:
    """Let executors from before the first such block of a test do their work outside of any run, and tell of it."""
    executors = sys.modules.get("concurrent.futures.process")
    if executors is None:
        yield
        return
    pool: Any = executors.ProcessPoolExecutor
    make, hand_over = pool.__init__, pool.submit

    def init(executor: Any, *args: Any, **kwargs: Any) -> None:
        setattr(executor, _OWN, True)
        make(executor, *args, **kwargs)

    def submit(executor: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(executor, _OWN):
            return hand_over(executor, *args, **kwargs)
        tell(_TEXT)
        with entrance_shut(), Unobserved():
            return hand_over(executor, *args, **kwargs)

    pool.__init__, pool.submit = init, submit
    try:
        yield
    finally:
        pool.__init__, pool.submit = make, hand_over
