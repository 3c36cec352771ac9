"""What is asked of the campaign over one test: its markers, the session's settings, and what it is fit for."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass

import pytest

from pytest_racecheck.model.settings import Settings
from pytest_racecheck.plugin.marker import UNMARKED, Marked
from pytest_racecheck.plugin.seeds import base_seed, derived_seed

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE


@dataclass(frozen=True, slots=True)
class Orders:
    """For one test. `unfit` says what the test is, if that cannot be run many times; else it is empty.

    `replays`: it is to be run under a token's schedule, which only explore can do.
    """

    marks: Marked
    session: Settings
    strict: bool
    unfit: str
    replays: bool = False

    def settings(self, item: pytest.Item) -> Settings:
        """The marker over the session's settings; the seed is the marker's own or derived from the session's."""
        from pytest_racecheck.plugin.limits import within_limit

        own_seed = derived_seed(base_seed(item.config), item.nodeid)
        settings = dataclasses.replace(self.session, seed=own_seed)
        if self.marks is not UNMARKED:
            settings = self.marks.settings.over(settings)
        if self.replays:
            settings = dataclasses.replace(settings, mode="explore")
        return within_limit(settings, item)


def unfit(item: pytest.Item) -> str:
    """Why the item cannot be run many times: what it is, or an empty text."""
    if not isinstance(item, pytest.Function):
        return f"no test function but a {type(item).__name__}"
    code = getattr(item.function, "__code__", None)
    if code is not None and code.co_flags & _ASYNC:
        return "a coroutine test, which another plugin runs"
    if item.config.getoption("trace", False):
        return "stepped through with --trace"
    return ""
