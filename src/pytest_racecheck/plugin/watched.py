"""One test under --racecheck: its first run, watched, and what follows from it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_racecheck.model.settings import Settings
from pytest_racecheck.plugin.marker import UNMARKED, Marked
from pytest_racecheck.plugin.seeds import base_seed, derived_seed, seed_option
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.entrance import at_first_start

if TYPE_CHECKING:
    from pytest_racecheck.plugin.exploration import Exploration
    from pytest_racecheck.runtime.snapshot import Snapshot


class WatchedItem:
    """Knows after the first run whether there is anything to explore, and explores it.

    `own` is what the first run raised. Where no campaign follows, pytest's world is left exactly as the first run left it.
    """

    def __init__(
        self,
        item: pytest.Function,
        marks: Marked,
        session: Settings,
        strict: bool,
        start: Snapshot | None,
    ) -> None:
        self.item = item
        self.own: BaseException | None = None
        self._marks = marks
        self._session = session
        self._strict = strict
        self._start = start
        self._exploration: Exploration | None = None
        self._hosted = False
        self._random = random.getstate()

    @contextmanager
    def first_run(self) -> Iterator[None]:
        """Around pytest's own run of the body; lets through what it raises."""
        __tracebackhide__ = True
        with ExitStack() as world, at_first_start(lambda: self._explore(world)):
            try:
                yield
                _raise_kept(self.item)
            except BaseException as error:
                self.own = error
                self._first_is_over()
                raise
            self._first_is_over()

    def outcome(self) -> BaseException | None:
        """What the test is to raise, after as many further runs as it takes to know; None for a pass."""
        exploration = self._exploration
        if exploration is not None and not (exploration.finished and not self._hosted):
            exploration.close()
            exploration = None
        if exploration is None and (self.own is not None or self._marks.expect is None):
            return self.own
        from pytest_racecheck.plugin.account import account_of, keep_account
        from pytest_racecheck.plugin.verdicts import unexplored_error, verdict_error

        if exploration is None:
            return unexplored_error(self._hosted, self._marks.expect)
        result = exploration.go_on()
        keep_account(self.item, account_of(result, self._marks.expect))
        self.item.add_report_section(
            "call", "racecheck", f"seed: {seed_option(self.item.config)}\n"
        )
        return verdict_error(result, self.own, self._marks.expect, self._strict)

    def _explore(self, world: ExitStack) -> None:
        """The body starts its first task: from here on its first run is a run of a campaign."""
        from pytest_racecheck.plugin.exploration import Exploration

        settings = _settings(self.item, self._marks, self._session)
        self._exploration = Exploration(self.item, settings, self._start, self._random)
        world.enter_context(self._exploration.first_run())

    def _first_is_over(self) -> None:
        self._hosted = current.hosts_campaign
        if self._exploration is not None and not self._hosted:
            self._exploration.end_first_run(self.own)


def _settings(item: pytest.Item, marks: Marked, session: Settings) -> Settings:
    """The marker over the session's settings; the seed is the marker's own or derived from the session's."""
    from pytest_racecheck.plugin.limits import within_limit

    own_seed = derived_seed(base_seed(item.config), item.nodeid)
    settings = dataclasses.replace(session, seed=own_seed)
    if marks is not UNMARKED:
        settings = marks.settings.over(settings)
    return within_limit(settings, item)


def _raise_kept(item: pytest.Function) -> None:
    """Raise what a unittest.TestCase kept for its report."""
    if getattr(item, "_excinfo", None):
        from pytest_racecheck.plugin import fresh

        fresh.raise_kept(item)
