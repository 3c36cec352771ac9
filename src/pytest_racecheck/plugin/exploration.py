"""The campaign over one test item, from the moment its body starts a first task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_racecheck.campaign.jitter import JitterCampaign
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.plugin.program import ItemProgram
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.snapshot import Snapshot


class Exploration:
    """The first run of an item, which is pytest's own, and the further ones. `finished`: the first run can be followed by others."""

    def __init__(
        self,
        item: pytest.Function,
        settings: Settings,
        start: Snapshot | None,
        random_state: tuple[Any, ...],
    ) -> None:
        self.finished = False
        self._program = ItemProgram(item, random_state)
        self._world: World | None = None
        self._campaign = JitterCampaign(
            settings, name=item.nodeid, root=item.config.rootpath, classify=classify
        )
        self._campaign.start = start

    @contextmanager
    def first_run(self) -> Iterator[None]:
        """The rest of the body, from its first start on."""
        with self._campaign.first_run() as world:
            self._world = world
            yield

    def end_first_run(self, error: BaseException | None) -> None:
        """End the item's function-scoped fixtures inside the run that `error` ended."""
        self.finished = error is None or classify(error) == "failure"
        if self.finished and self._world is not None:
            self._program.end_run(self._world, error)

    def go_on(self) -> CampaignResult:
        """The further runs and the verdict."""
        with self._program.further_runs():
            return self._campaign.go_on(self._program)

    def close(self) -> None:
        """There will be no further runs."""
        self._campaign.close()
