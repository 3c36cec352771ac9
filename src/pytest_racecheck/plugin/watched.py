"""One test under --racecheck: its first run, watched, and what follows from it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_racecheck.plugin.breakpoints import breakpoints
from pytest_racecheck.plugin.orders import Orders
from pytest_racecheck.plugin.same_start import SameStart
from pytest_racecheck.runtime.context import Unobserved, current
from pytest_racecheck.runtime.jitter.bystanders import Bystanders
from pytest_racecheck.runtime.jitter.entrance import at_first_start, entrance_shut
from pytest_racecheck.runtime.jitter.uncontrolled import noticing

if TYPE_CHECKING:
    from pytest_racecheck.plugin.item_campaign import ItemCampaign
    from pytest_racecheck.runtime.snapshot import Snapshot


class WatchedItem:
    """Knows after the first run whether there is anything to explore, and explores it.

    The first run begins with the first function-scoped fixture: what that starts belongs to the test. `own` is what the body
    raised in it. `beside` says what ran without being explored. Where no campaign follows, pytest's world is left exactly
    as the first run left it.
    """

    def __init__(
        self, item: pytest.Item, orders: Orders, same_start: SameStart, bystanders: Bystanders
    ) -> None:
        self.item = item
        self.own: BaseException | None = None
        self.beside: dict[str, None] = {}
        self._orders = orders
        self._same_start = same_start
        self._bystanders = bystanders
        self._start: Snapshot | None = None
        self._campaign: ItemCampaign | None = None
        self._opened = False
        self._in_setup = True
        self._hosted = False
        self._world = ExitStack()
        self._random: tuple[Any, ...] = ()
        current.hosts_campaign = False

    @contextmanager
    def own_fixture(self) -> Iterator[None]:
        """Around the setup of a function-scoped fixture, in the first run and in any other."""
        if self._opened or current.entrance is not None:
            yield
            return
        with at_first_start(self._open), noticing(self._note, self._same_start.scope.contains):
            yield

    @contextmanager
    def wider_fixture(self, whom: str) -> Iterator[None]:
        """Around the setup of a fixture of wider scope: what it starts stays when the test is over."""
        with entrance_shut(), Unobserved(), self._bystanders.started_by(whom):
            yield

    @contextmanager
    def first_run(self) -> Iterator[None]:
        """Around pytest's own run of the body; lets through what it raises."""
        __tracebackhide__ = True
        self._random = random.getstate()
        self._in_setup = False
        if not self._opened:
            self._start = self._same_start.take(self.item)
        beside = self._bystanders
        with beside.started_by(self.item.nodeid), beside.watch() as ran, self._world, self._door():
            try:
                # In a replay this run is not yet the one to look at.
                with breakpoints(self._orders.replays, heeded=False):
                    yield
                _raise_kept(self.item)
            except BaseException as error:
                self.own = error
                self._first_is_over(ran)
                raise
            self._first_is_over(ran)

    @contextmanager
    def _door(self) -> Iterator[None]:
        with noticing(self._note, self._same_start.scope.contains):
            if self._opened:
                yield
                return
            with at_first_start(self._open):
                yield

    def outcome(self) -> BaseException | None:
        """What the test is to raise, after as many further runs as it takes to know; None for a pass."""
        if self._campaign is not None and self._campaign.finished and not self._hosted:
            return self._campaign.outcome(self.own, self._random, tuple(self.beside))
        if self._campaign is not None:
            self._campaign.close()
        if self._hosted and self._campaign is not None:
            self._note(_BESIDE_ITS_OWN)
        replays = self._orders.replays and not self._hosted
        if self.own is not None or not (self._orders.marks.expect or self.beside or replays):
            return self.own
        from pytest_racecheck.plugin.summary_entry import keep_entry, unexplored_entry
        from pytest_racecheck.plugin.verdicts import unexplored_error

        reason = "; ".join(self.beside)
        if reason:
            keep_entry(self.item, unexplored_entry(reason))
        expect = None if self._hosted else self._orders.marks.expect
        return unexplored_error(expect, self._orders.strict, reason, replays)

    def be_patient(self) -> None:
        """Somebody has stopped in the first run to look around."""
        if self._campaign is not None:
            self._campaign.be_patient()

    def abandon(self) -> None:
        """The test ends before its body has begun, or there is no outcome to wait for."""
        self._world.close()
        if self._campaign is not None:
            self._campaign.close()

    def _open(self) -> None:
        """The test starts its first task: from here on its first run is a run of a campaign."""
        self._opened = True
        if current.hosts_campaign:
            self._note(_BESIDE_ITS_OWN)
            return
        if self._orders.unfit:
            self._note(f"it starts threads or processes, but is {self._orders.unfit}")
            return
        if self._in_setup:
            self._start = self._same_start.take(self.item)
        if self._start is None:
            self._same_start.expect_tasks()
            self._note("the state of its modules is not put back between runs")
        from pytest_racecheck.plugin.item_campaign import ItemCampaign

        self._campaign = ItemCampaign(self.item, self._orders, self._start, self._in_setup)
        self._world.enter_context(self._campaign.first_run())

    def _first_is_over(self, ran: Callable[[], list[str]]) -> None:
        for text in ran():
            self._note(text)
        self._hosted = current.hosts_campaign
        if self._campaign is not None:
            self._campaign.end_first_run(self.own)

    def _note(self, text: str) -> None:
        self.beside[text] = None


_BESIDE_ITS_OWN = "it starts threads or processes besides the campaign that it asks for"


def _raise_kept(item: pytest.Item) -> None:
    """Raise what a unittest.TestCase kept for its report."""
    if getattr(item, "_excinfo", None):
        from pytest_racecheck.plugin import fresh

        fresh.raise_kept(item)
