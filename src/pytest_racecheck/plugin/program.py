"""A test item as a program: one call is one run, with everything function-scoped made anew."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_racecheck.plugin import fresh
from pytest_racecheck.plugin.breakpoints import breakpoints
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.plugin.output import OneOfMany
from pytest_racecheck.plugin.subtests import as_it_failed, untold
from pytest_racecheck.runtime.interrupts import Interrupts
from pytest_racecheck.runtime.jitter.foreign_pools import left_alone
from pytest_racecheck.runtime.jitter.world import World

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.run import Run


class ItemProgram:
    """Runs the body of `item` again and again. The first run is pytest's, and is only ended here.

    Module `random` starts every run where it stood when the first began: a test with random inputs must not be called
    racy because one of them made it fail. `with_fixtures`: what function-scoped fixtures do is part of a run. `replays`: only the run that
    is recorded stops at breakpoints.
    """

    def __init__(self, item: pytest.Function, with_fixtures: bool, replays: bool = False) -> None:
        self._item = item
        self._with_fixtures = with_fixtures
        self._replays = replays
        self._runs = 1
        self._output = OneOfMany(item)
        self._random = random.getstate()
        self._interrupts = Interrupts()

    def __call__(self, world: World | Run) -> None:
        """One run: set up, body, tear down."""
        self._interrupts.check()
        self._runs += 1
        random.setstate(self._random)
        try:
            with breakpoints(self._replays, heeded=getattr(world, "is_recorded", False)):
                fresh.set_up(self._item, self._with_fixtures)
                fresh.body(self._item)
        except BaseException as error:
            as_it_failed(self._item, error)
            self.end_run(world, error)
            raise
        self.end_run(world, None)

    def end_run(self, world: World | Run, error: BaseException | None) -> None:
        """End the fixtures of the run that `error` ended; trouble in that is the run's error only if it had none."""
        failed = bool(world.errors) or (error is not None and classify(error) == "failure")
        try:
            fresh.tear_down(self._item, self._with_fixtures)
        except (Exception, pytest.fail.Exception) as trouble:
            if error is None or not failed:
                failed = failed or classify(trouble) == "failure"
                raise
            error.add_note(
                f"then the teardown of its fixtures raised {type(trouble).__name__}: {trouble}"
            )
        finally:
            self._output.take(failed)
        if not failed and self._runs > 1:
            fresh.discard_tmp_path(self._item)

    @contextmanager
    def further_runs(self, random_state: tuple[Any, ...]) -> Iterator[None]:
        """What holds for all runs but the first: warnings were shown by it, and one run's output is enough.

        `random_state` is that of module random when the first body began.
        """
        self._random = random_state
        alone = left_alone(_told_already)
        try:
            with self._interrupts, alone, untold(self._item), warnings.catch_warnings(record=True):
                yield
        finally:
            fresh.forget_kept(self._item)
            self._output.put_back()


def _told_already(_text: str) -> None:
    """The first run was watched for the same."""
