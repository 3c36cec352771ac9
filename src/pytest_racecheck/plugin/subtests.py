"""Subtests in the runs after the first.

Subtests ask for reports of their own while the body runs. In a campaign their failures have to be judged first, like any other, so they become
failures of their run. Those that pass were told by the first run: nobody counts or prints them once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pluggy
import pytest

# In further runs: what failed last and where, before it went through pytest's own code.
_FURTHER = pytest.StashKey[list[tuple[BaseException, TracebackType | None]]]()
_HOOK = "pytest_runtest_logreport"
_NO_FAILURE = (pytest.skip.Exception, pytest.xfail.Exception)


@contextmanager
def untold(item: pytest.Item) -> Iterator[None]:
    """Inside the block no report of the item's subtests reaches anybody, and `raise_failed` raises."""
    hook = item.config.hook
    told = hook.pytest_runtest_logreport
    setattr(hook, _HOOK, pluggy.HookCaller(_HOOK, _tell_nobody))
    item.stash[_FURTHER] = []
    try:
        yield
    finally:
        setattr(hook, _HOOK, told)
        del item.stash[_FURTHER]


def raise_failed(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """In a further run: raise what a subtest has failed with, instead of making a report of it."""
    further = item.stash.get(_FURTHER, None)
    if further is None or call.excinfo is None or isinstance(call.excinfo.value, _NO_FAILURE):
        return
    error = call.excinfo.value
    further[:] = [(error, error.__traceback__)]
    raise error


def as_it_failed(item: pytest.Item, error: BaseException) -> None:
    """Give what ends a further run the traceback that it had in its subtest."""
    for failed, traceback in item.stash.get(_FURTHER, []):
        if failed is error:
            error.__traceback__ = traceback


def _tell_nobody(*_call: Any) -> list[object]:
    return []
