"""Where calls that nobody can end are named while they go on: on the real standard error, with the test.

What a test writes is captured, and what was captured is shown when the test ends. pytest's own faulthandler plugin keeps a copy of the real standard
error for that reason. Where the user has set its time limit the timer of faulthandler, of which there is one, is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from pytest_racecheck.runtime.context import control


@contextmanager
def named_on_stderr(item: pytest.Item) -> Iterator[None]:
    """Inside the block such calls are told as calls of `item`."""
    before = control.stderr, control.test, control.timer_is_free
    control.stderr = item.config.stash.get(fault_handler_stderr_fd_key, 2)
    control.test = item.nodeid
    control.timer_is_free = not _their_limit(item.config)
    try:
        yield
    finally:
        control.stderr, control.test, control.timer_is_free = before


def _their_limit(config: pytest.Config) -> float:
    if not config.pluginmanager.has_plugin("faulthandler"):
        return 0.0
    return float(config.getini("faulthandler_timeout") or 0.0)
