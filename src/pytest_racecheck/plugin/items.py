"""`pytest --racecheck`: campaigns over tests as they stand.

The first run is pytest's own, watched. Only when it starts a thread or a process does the test become a program that is
run many times; every other test has passed through a few `with` blocks and is otherwise as it always was. Around the body our
wrapper is the innermost, so that time limits, captures and expected failures of other plugins hold for the campaign as a
whole.

A test that is concurrent and cannot be explored is named in the summary; none passes as if there had been nothing to look at.
"""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

from pytest_racecheck.model.settings import layered
from pytest_racecheck.plugin.marker import marked
from pytest_racecheck.plugin.options import Options
from pytest_racecheck.plugin.orders import Orders, unfit
from pytest_racecheck.plugin.same_start import SameStart
from pytest_racecheck.plugin.watched import WatchedItem
from pytest_racecheck.runtime.jitter.bystanders import Bystanders

_MADE = re.compile(r"_(?:xunit|unittest)_(\w+?)_fixture_(.*)")


class Campaigns:
    """Explores each test that starts threads or processes; registered with --racecheck only."""

    def __init__(self, options: Options, same_start: SameStart) -> None:
        self._same_start = same_start
        self._session = layered(*options.layers)
        self._strict = options.strict
        self._replays = options.replay is not None
        self._bystanders = Bystanders()
        self._watched: WatchedItem | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Note which threads and processes the import of a test module starts."""
        with self._bystanders.started_by(f"the import of {collector.nodeid}"):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begin to watch the item."""
        self._watched = self._watch(item)
        try:
            yield
        except BaseException:
            self._abandon()
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        """What function-scoped fixtures start belongs to the test; what others start does not."""
        if self._watched is None:
            with self._bystanders.started_by(_name(fixturedef)):
                return (yield)
        if fixturedef.scope == "function":
            with self._watched.own_fixture():
                return (yield)
        with self._watched.wider_fixture(_name(fixturedef)):
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the body run, and run it many more times if it is concurrent.

        This frame is not hidden: pytest 8 cannot show an exception group that causes an exception without visible frames.
        """
        watched = self._watched
        if watched is None or watched.item is not item:
            _check_marks(item)
            return (yield)
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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """The item is watched no longer."""
        self._abandon()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_enter_pdb(self) -> None:
        """Who thinks at a prompt does not hang, and goes on step by step in the task that has stopped."""
        if self._watched is not None:
            self._watched.be_patient()
            from pytest_racecheck.runtime.threads.tracing import keep_apart

            keep_apart()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The session ends, perhaps in the middle of a test."""
        self._abandon()

    def _abandon(self) -> None:
        watched, self._watched = self._watched, None
        if watched is not None:
            watched.abandon()

    def _watch(self, item: pytest.Item) -> WatchedItem | None:
        try:
            marks = marked(item)
        except pytest.UsageError:
            # It is told when the body would begin: as a failure of the test.
            return None
        if marks.skip:
            return None
        self._same_start.begin(item)
        orders = Orders(marks, self._session, self._strict, unfit(item), self._replays)
        return WatchedItem(item, orders, self._same_start, self._bystanders)


def _name(fixturedef: pytest.FixtureDef[object]) -> str:
    """What users know the fixture as: pytest makes fixtures of functions such as setup_module, too."""
    made = _MADE.match(fixturedef.argname)
    return " of ".join(filter(None, made.groups())) if made else f"fixture {fixturedef.argname}"


def _check_marks(item: pytest.Item) -> None:
    __tracebackhide__ = True
    wrong = ""
    try:
        marked(item)
    except pytest.UsageError as error:
        wrong = str(error)
    if wrong:
        pytest.fail(wrong, pytrace=False)
