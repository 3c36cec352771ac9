"""`pytest --racecheck`: campaigns over tests as they stand.

The first run is pytest's own, watched. Only when it started a thread or a process does the test become a program that is
run many times; every other test has passed through one `with` block and is otherwise as it always was. Our wrapper is the
innermost, so that time limits, captures and expected failures of other plugins hold for the campaign as a whole.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator

import pytest

from pytest_racecheck.plugin.account import put_on_report
from pytest_racecheck.plugin.marker import check_markers, marked
from pytest_racecheck.plugin.options import Options
from pytest_racecheck.plugin.watched import WatchedItem


class Campaigns:
    """Explores each test whose body starts threads or processes; registered with --racecheck only."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tell mistakes in markers before anything runs."""
        check_markers(items)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the body run, and run it many more times if it is concurrent."""
        __tracebackhide__ = True
        marks = marked(item)
        if not isinstance(item, pytest.Function) or marks.skip or _unfit(item):
            return (yield)
        watched = WatchedItem(item, marks, self._options)
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

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what is known about an explored test on its report."""
        report = yield
        put_on_report(item, report)
        return report


def _unfit(item: pytest.Function) -> bool:
    """Coroutine tests belong to other plugins, and nobody steps through two hundred runs in a debugger."""
    function = item.function
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or bool(item.config.getoption("trace", False))
    )
