"""One test under --racecheck: its first run, watched, and what follows from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_racecheck.campaign.jitter import JitterCampaign
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.plugin import fresh
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.plugin.limits import within_limit
from pytest_racecheck.plugin.marker import UNMARKED, Marked
from pytest_racecheck.plugin.program import ItemProgram
from pytest_racecheck.plugin.seeds import base_seed, derived_seed, seed_option
from pytest_racecheck.runtime.jitter.world import World
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
        self._strict = strict
        self._explores = False
        self._hosted = False
        self._program = ItemProgram(item)
        self._campaign = JitterCampaign(
            _settings(item, marks, session),
            name=item.nodeid,
            root=item.config.rootpath,
            classify=classify,
        )
        self._campaign.start = start

    @contextmanager
    def first_run(self) -> Iterator[None]:
        """Around pytest's own run of the body; lets through what it raises."""
        __tracebackhide__ = True
        with self._campaign.first_run() as world:
            try:
                yield
                fresh.raise_kept(self.item)
            except BaseException as error:
                self.own = error
                self._first_is_over(world)
                raise
            self._first_is_over(world)

    def outcome(self) -> BaseException | None:
        """What the test is to raise, after as many further runs as it takes to know; None for a pass."""
        if not self._explores and (self.own is not None or self._marks.expect is None):
            return self.own
        from pytest_racecheck.plugin.account import account_of, keep_account
        from pytest_racecheck.plugin.verdicts import unexplored_error, verdict_error

        if not self._explores:
            self._campaign.close()
            return unexplored_error(self._hosted, self._marks.expect)
        with self._program.further_runs():
            result = self._campaign.go_on(self._program)
        keep_account(self.item, account_of(result, self._marks.expect))
        self.item.add_report_section(
            "call", "racecheck", f"seed: {seed_option(self.item.config)}\n"
        )
        return verdict_error(result, self.own, self._marks.expect, self._strict)

    def _first_is_over(self, world: World) -> None:
        finished = self.own is None or classify(self.own) == "failure"
        self._hosted = world.hosted
        self._explores = world.concurrent and not world.hosted and finished
        if self._explores:
            self._program.end_run(world, self.own)


def _settings(item: pytest.Item, marks: Marked, session: Settings) -> Settings:
    """The marker over the session's settings; the seed is the marker's own or derived from the session's."""
    own_seed = derived_seed(base_seed(item.config), item.nodeid)
    settings = dataclasses.replace(session, seed=own_seed)
    if marks is not UNMARKED:
        settings = marks.settings.over(settings)
    return within_limit(settings, item)
