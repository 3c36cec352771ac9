"""The campaign over one test item, from the moment it starts a first task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_racecheck.campaign.first_run import after_hang
from pytest_racecheck.campaign.jitter import JitterCampaign
from pytest_racecheck.model.report import RaceReport
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.plugin.options import options_of
from pytest_racecheck.plugin.orders import Orders
from pytest_racecheck.plugin.program import ItemProgram
from pytest_racecheck.plugin.seeds import (
    again,
    again_line,
    base_seed,
    derived_seed,
    replay_command,
)
from pytest_racecheck.plugin.stuck_calls import named_on_stderr
from pytest_racecheck.plugin.summary_entry import entry_of, keep_entry, unexplored_entry
from pytest_racecheck.plugin.verdicts import unexplored_error, verdict_error
from pytest_racecheck.runtime.jitter.watchdog import RunOverdue
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.snapshot import Snapshot

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.controlled import Beside, Controlled


class ItemCampaign:
    """The first run of an item, which is pytest's own, and the further ones.

    `finished`: the first run can be followed by others. `with_fixtures`: its function-scoped fixtures start tasks, so they are
    part of every run.
    """

    def __init__(
        self, item: pytest.Item, orders: Orders, start: Snapshot | None, with_fixtures: bool
    ) -> None:
        assert isinstance(item, pytest.Function)
        self.finished = False
        self._item = item
        self._orders = orders
        self._program = ItemProgram(item, with_fixtures, orders.replays)
        self._world: World | None = None
        self._settings = orders.settings(item)
        self._start = start
        self._campaign = JitterCampaign(
            self._settings,
            name=item.nodeid,
            root=item.config.rootpath,
            classify=classify,
            start=start,
        )

    @contextmanager
    def first_run(self) -> Iterator[None]:
        """The rest of the first run, from its first start on."""
        with named_on_stderr(self._item), self._campaign.first_run() as world:
            self._world = world
            yield

    def end_first_run(self, error: BaseException | None) -> None:
        """End the item's function-scoped fixtures inside the run that `error` ended."""
        judgement = "failure" if error is None else classify(error)
        if isinstance(error, RunOverdue) and self._is_explored:
            # Under control a deadlock is found at once, and there are words for it.
            judgement = "failure"
        self.finished = judgement == "failure"
        if judgement != "abort" and self._world is not None:
            self._program.end_run(self._world, error)

    def outcome(
        self, own: BaseException | None, random_state: tuple[Any, ...], beside: tuple[str, ...]
    ) -> BaseException | None:
        """The further runs, and what the test is to raise; `own` is what its first run raised, `beside` is not covered."""
        if self._orders.replays and not self._is_explored:
            return self._not_replayed(own)
        with self._program.further_runs(random_state), named_on_stderr(self._item):
            result = self._further_runs(own)
        result = dataclasses.replace(result, not_covered=(*result.not_covered, *beside))
        if isinstance(own, RunOverdue):
            result = after_hang(result, own)
        keep_entry(self._item, entry_of(result, self._orders.marks.expect))
        if not result.replayed:
            again = again_line(self._item.config, result.mode)
            self._item.add_report_section("call", "racecheck", f"{again}\n")
        # A deadlock has more to say than that the test hung.
        cause = None if result.is_race and isinstance(own, RunOverdue) else own
        return verdict_error(
            self._report(result), cause, self._orders.marks.expect, self._orders.strict
        )

    def _not_replayed(self, own: BaseException | None) -> BaseException | None:
        self.close()
        assert self._world is not None
        reason = self._world.beyond_explore
        keep_entry(self._item, unexplored_entry(reason))
        return own or unexplored_error(None, strict=True, reason=reason, replays=True)

    @property
    def _is_explored(self) -> bool:
        from pytest_racecheck.campaign.mode import mode_for

        assert self._world is not None
        return mode_for(self._settings) == "explore" and not self._world.beyond_explore

    def _further_runs(self, own: BaseException | None) -> CampaignResult:
        """Explored where that can be, else jittered; what explore could not hold is jittered, too, and the result says so."""
        from pytest_racecheck.campaign.explore import ExploreCampaign
        from pytest_racecheck.campaign.mode import jittered_instead, mode_for
        from pytest_racecheck.model.token import Token

        assert self._world is not None
        if not self._is_explored:
            result, beyond = self._campaign.go_on(self._program), self._world.beyond_explore
            asked = mode_for(self._settings) == "explore" and self._settings.mode
            return jittered_instead(result, beyond) if asked else result
        campaign = ExploreCampaign(
            self._settings, name=self._item.nodeid, root=self._item.config.rootpath, backend=None,
            classify=classify, start=self._start, passed_before=own is None, beside=self._beside(),
        )  # fmt: skip
        wanted = options_of(self._item.config).replay
        if wanted is not None:
            self._campaign.close()
            token = Token.parse(wanted.token)
            return campaign.replay(self._program, token, self._campaign.keys)
        result = campaign.explore(self._program, self._campaign.keys)
        if campaign.stuck_call is None or isinstance(own, RunOverdue):
            self._campaign.close()
            return result
        jittered = self._campaign.go_on(self._program)
        return jittered_instead(jittered, campaign.stuck_call, result.not_covered)

    def _beside(self) -> Callable[[Controlled], Beside] | None:
        """What is part of the program besides the threads of this process."""
        assert self._world is not None
        if not self._world.starts_processes:
            return None
        from pytest_racecheck.runtime.processes.world import ProcessWorld

        return ProcessWorld.of

    def _report(self, result: CampaignResult) -> RaceReport:
        from pytest_racecheck.entry import report_of

        config = self._item.config
        derived = derived_seed(base_seed(config), self._item.nodeid)
        alone = "this test alone: @pytest.mark.racecheck(seed={})"
        return report_of(
            result,
            config.rootpath,
            again(config, derived, alone),
            replay_command(self._item),
        )

    def be_patient(self) -> None:
        """Somebody has stopped in the first run to look around."""
        self._campaign.be_patient()

    def close(self) -> None:
        """There will be no further runs."""
        self._campaign.close()
