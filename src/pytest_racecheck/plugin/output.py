"""Captured output of one run out of many.

Two hundred runs print two hundred times as much as one. Of all that only one run's output is worth a reader's time: the
first that failed, or else the last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.logging import caplog_handler_key

from pytest_racecheck.runtime.backend import Around, Program
from pytest_racecheck.runtime.context import Unobserved


@dataclass(frozen=True, slots=True)
class Printed:
    """What one run printed and logged."""

    out: str
    err: str
    log: str

    def __add__(self, later: Printed) -> Printed:
        return Printed(self.out + later.out, self.err + later.err, self.log + later.log)


_NOTHING = Printed("", "", "")
# While a campaign is on, the module holds a controlled one.
_fstat = os.fstat


class OneOfMany:
    """Takes each run's output out of pytest's capture, and puts one back at the end."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        plugins = item.config.pluginmanager
        self._capture: Any = plugins.get_plugin("capturemanager")
        self._logging: Any = plugins.get_plugin("logging-plugin")
        self._before = _NOTHING
        self._kept: Printed | None = None
        self._failed = False

    @contextmanager
    def of_campaign(self) -> Iterator[Around]:
        """Inside the block each run of a program that was handed over is one of many; what was printed before comes first."""
        self._before = self._all()
        try:
            yield self._around
        finally:
            self.put_back()

    def _around(self, program: Program) -> Program:
        def run(world: Any) -> None:
            failed = True
            try:
                program(world)
                failed = bool(world.errors)
            finally:
                with Unobserved():
                    self.take(failed)

        return run

    def take(self, failed: bool) -> None:
        """The run that just ended printed what is captured now; keep it if it is to be shown."""
        printed = _NOTHING if self._is_silent() else self._all()
        if not self._failed:
            self._kept, self._failed = printed, failed

    def put_back(self) -> None:
        """Let pytest find the kept output, and only that."""
        self._all()
        kept = self._before if self._kept is None else self._before + self._kept
        sys.stdout.write(kept.out)
        sys.stderr.write(kept.err)
        if self._logging is not None:
            self._logging.report_handler.stream.write(kept.log)

    def _is_silent(self) -> bool:
        """Whether nothing was printed or logged: to read takes as long as a short run, to look does not."""
        if self._logging is not None and self._logging.report_handler.stream.tell():
            return False
        if self._capture is None or not self._capture.is_globally_capturing():
            return True
        try:
            return not any(_fstat(one.fileno()).st_size for one in (sys.stdout, sys.stderr))
        except (OSError, ValueError, AttributeError):
            return False

    def _all(self) -> Printed:
        return Printed(*self._read(), self._read_log())

    def _read(self) -> tuple[str, str]:
        if self._capture is None or not self._capture.is_globally_capturing():
            return "", ""
        captured = self._capture.read_global_capture()
        return captured.out, captured.err

    def _read_log(self) -> str:
        if self._logging is None:
            return ""
        text: str = self._logging.report_handler.stream.getvalue()
        self._logging.report_handler.reset()
        handler = self._item.stash.get(caplog_handler_key, None)
        if handler is not None:
            handler.clear()
        return text
