"""Which code of a scope a program enters, at a cost that is paid once for each code object.

From 3.12 on `sys.monitoring` reports each function's start and can be told not to report that function again. 3.11 has
only profile functions: slower, one a thread, and threads that run already are not seen. Either way whatever measures the
program already goes on doing so.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType
from typing import Any, ClassVar

from pytest_racecheck.instrument.functions import CodeKey, code_key
from pytest_racecheck.instrument.scope import Scope

__all__ = ["CodeKey", "Recorder"]

# Those that no tool is expected to use come first; coverage, debuggers and profilers have numbers of their own.
_TOOL_IDS = (4, 3, 5, 2)
_TOOL_NAME = "racecheck"

ProfileFunction = Callable[[FrameType, Any, Any], object]


class Recorder:
    """Collects, on all threads, the keys of code in scope that is entered while it is on.

    `complete` is False when that could not be watched; the keys are then too few. `on` is the one that is, also in a process that was
    forked meanwhile: there it is a copy, and goes on noting.
    """

    on: ClassVar[Recorder | None] = None

    def __init__(self, scope: Scope) -> None:
        self.keys: set[CodeKey] = set()
        self.complete = True
        self._scope = scope
        self._stop: Callable[[], None] | None = None

    def __enter__(self) -> Recorder:
        if sys.version_info >= (3, 12):
            self._stop = self._monitor()
        else:
            self._stop = self._profile()
        self.complete = self._stop is not None
        Recorder.on = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        Recorder.on = None
        if self._stop is not None:
            self._stop()
            self._stop = None

    def add_stack(self, frame: FrameType | None) -> None:
        """Count the code of `frame` and its callers as entered: it was, before the recorder was on."""
        while frame is not None:
            self._note(frame.f_code)
            frame = frame.f_back

    def _note(self, code: CodeType) -> None:
        if self._scope.contains(code.co_filename):
            self.keys.add(code_key(code))

    if sys.version_info >= (3, 12):

        def _monitor(self) -> Callable[[], None] | None:
            monitoring = sys.monitoring
            tool = next((tool for tool in _TOOL_IDS if monitoring.get_tool(tool) is None), None)
            if tool is None:
                return None
            start = monitoring.events.PY_START

            def entered(code: CodeType, _offset: int) -> object:
                self._note(code)
                return monitoring.DISABLE

            def stop() -> None:
                monitoring.set_events(tool, monitoring.events.NO_EVENTS)
                monitoring.register_callback(tool, start, None)
                monitoring.free_tool_id(tool)

            monitoring.use_tool_id(tool, _TOOL_NAME)
            monitoring.register_callback(tool, start, entered)
            monitoring.set_events(tool, start)
            # What an earlier recorder switched off in code objects would stay off.
            monitoring.restart_events()
            return stop

    def _profile(self) -> Callable[[], None] | None:
        own, others = sys.getprofile(), threading.getprofile()
        if not all(previous is None or callable(previous) for previous in (own, others)):
            # A profiler written in C can neither be called from here nor be put back.
            return None

        def stop() -> None:
            sys.setprofile(own)
            threading.setprofile(others)

        threading.setprofile(self._profiler(others))
        sys.setprofile(self._profiler(own))
        return stop

    def _profiler(self, previous: ProfileFunction | None) -> ProfileFunction:
        def profile(frame: FrameType, event: Any, arg: Any) -> None:
            if event == "call":
                self._note(frame.f_code)
            if previous is not None:
                previous(frame, event, arg)

        return profile
