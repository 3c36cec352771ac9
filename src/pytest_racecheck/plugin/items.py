"""`pytest --racecheck`: campaigns over tests as they stand.

The first run is pytest's own, watched. Only when it started a thread or a process does the test become a program that is
run many times; every other test has passed through one `with` block and is otherwise as it always was. Our wrapper is the
innermost, so that time limits, captures and expected failures of other plugins hold for the campaign as a whole.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator

import pytest

from pytest_racecheck.model.settings import layered
from pytest_racecheck.plugin.marker import Marked, check_markers, marked
from pytest_racecheck.plugin.options import Options
from pytest_racecheck.plugin.same_start import SameStart
from pytest_racecheck.plugin.watched import WatchedItem

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE


class Campaigns:
    """Explores each test whose body starts threads or processes; registered with --racecheck only."""

    def __init__(self, options: Options, same_start: SameStart) -> None:
        self._same_start = same_start
        self._session = layered(*options.layers)
        self._strict = options.strict

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Tell mistakes in markers before anything runs.

        A worker of xdist cannot end the session in an orderly way: there the tests concerned fail.
        """
        if not hasattr(config, "workerinput"):
            check_markers(items)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the body run, and run it many more times if it is concurrent.

        This frame is not hidden: pytest 8 cannot show an exception group that causes an exception without visible frames.
        """
        marks = _marks(item)
        if not isinstance(item, pytest.Function) or marks.skip or _unfit(item):
            return (yield)
        start = self._same_start.take(item)
        watched = WatchedItem(item, marks, self._session, self._strict, start)
        result: object = None
        try:
            with watched.first_run():
                result = yield
        except BaseException as error:
            if error is not watched.own:
                raise
        verdict = watched.outcome()
        if verdict is not None:
            raise verdict
        return result


def _marks(item: pytest.Item) -> Marked:
    __tracebackhide__ = True
    try:
        return marked(item)
    except pytest.UsageError as error:
        pytest.fail(str(error), pytrace=False)


def _unfit(item: pytest.Function) -> bool:
    """Coroutine tests belong to other plugins, and nobody steps through two hundred runs in a debugger."""
    code = getattr(item.function, "__code__", None)
    coroutine = code is not None and bool(code.co_flags & _ASYNC)
    return coroutine or bool(item.config.getoption("trace", False))
