"""A test item as a program: one call is one run, with everything function-scoped made anew."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_racecheck.plugin import fresh
from pytest_racecheck.plugin.classify import classify
from pytest_racecheck.plugin.interrupts import Interrupts
from pytest_racecheck.plugin.output import OneOfMany
from pytest_racecheck.plugin.reports import IN_FURTHER_RUNS
from pytest_racecheck.runtime.jitter.world import World


class ItemProgram:
    """Runs the body of `item` again and again. The first run is pytest's, and is only ended here.

    Module `random` starts every run where it stood when the first began: a test with random inputs must not be called
    racy because one of them made it fail.
    """

    def __init__(self, item: pytest.Function, random_state: tuple[Any, ...]) -> None:
        self._item = item
        self._runs = 1
        self._output = OneOfMany(item)
        self._random = random_state
        self._interrupts = Interrupts()

    def __call__(self, world: World) -> None:
        """One run: set up, body, tear down."""
        self._interrupts.check()
        self._runs += 1
        random.setstate(self._random)
        try:
            fresh.set_up(self._item, self._runs)
            fresh.body(self._item)
        except BaseException as error:
            self.end_run(world, error)
            raise
        self.end_run(world, None)

    def end_run(self, world: World, error: BaseException | None) -> None:
        """End the fixtures of the run that `error` ended; trouble in that is the run's error only if it had none."""
        failed = bool(world.errors) or (error is not None and classify(error) == "failure")
        try:
            fresh.tear_down(self._item, self._runs)
        except fresh.FixtureFailed as trouble:
            if not failed or error is None:
                raise
            error.add_note(str(trouble))
        finally:
            self._output.take(failed)
        if not failed and self._runs > 1:
            fresh.discard_tmp_path(self._item)

    @contextmanager
    def further_runs(self) -> Iterator[None]:
        """What holds for all runs but the first: warnings were shown by it, and one run's output is enough."""
        self._item.stash[IN_FURTHER_RUNS] = True
        try:
            with self._interrupts, warnings.catch_warnings(record=True):
                yield
        finally:
            del self._item.stash[IN_FURTHER_RUNS]
            fresh.forget_kept(self._item)
            self._output.put_back()
