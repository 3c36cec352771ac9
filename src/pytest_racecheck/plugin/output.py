"""Captured output of one run out of many.

Two hundred runs print two hundred times as much as one. Of all that only one run's output is worth a reader's time: the
first that failed, or else the last.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.logging import caplog_handler_key


@dataclass(frozen=True, slots=True)
class Printed:
    """What one run printed and logged."""

    out: str
    err: str
    log: str


class OneOfMany:
    """Takes each run's output out of pytest's capture, and puts one back at the end."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        plugins = item.config.pluginmanager
        self._capture: Any = plugins.get_plugin("capturemanager")
        self._logging: Any = plugins.get_plugin("logging-plugin")
        self._kept: Printed | None = None
        self._failed = False

    def take(self, failed: bool) -> None:
        """The run that just ended printed what is captured now; keep it if it is to be shown."""
        printed = Printed(*self._read(), self._read_log())
        if not self._failed:
            self._kept, self._failed = printed, failed

    def put_back(self) -> None:
        """Let pytest find the kept output, and only that."""
        self._read(), self._read_log()
        if self._kept is None:
            return
        sys.stdout.write(self._kept.out)
        sys.stderr.write(self._kept.err)
        if self._logging is not None:
            self._logging.report_handler.stream.write(self._kept.log)

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
