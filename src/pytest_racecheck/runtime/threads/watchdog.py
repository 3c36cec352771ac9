"""Gets the main thread out of calls that nobody controls, and that may never return.

All tasks share one OS thread, so a task that blocks in something uncontrolled (a pipe that nobody writes to, a lock written in C, a real
thread's join) stops all of them, the scheduler included. A real thread therefore looks from outside whether steps are made. When none
was for a while, and the main thread has neither used the processor nor come to another instruction, it is blocked: a task that computes for
long does not look like that. A signal then interrupts the call, and its handler notes the frame and raises. The same happens to who computes on and on
without a step, for longer than it is given.

What no signal reaches is at least named while it goes on, by faulthandler: a call that does not look for signals by the thread
here, one that does not even let go of the interpreter by faulthandler's own, which is told again and again that all is well.

The thread lives as long as a campaign, and is not there when the process forks: a child of a process with several threads may hang,
and newer versions of Python warn of it. To end a thread and begin another takes as long as a fork, so after a fork it begins when a while has
passed without a further one: a timer says when.
"""

from __future__ import annotations

import _thread
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from pytest_racecheck.runtime import unreached
from pytest_racecheck.runtime.context import MAIN, control
from pytest_racecheck.runtime.forks import await_end
from pytest_racecheck.runtime.interrupts import leave_to_the_main_thread
from pytest_racecheck.runtime.threads.alarm import Alarm
from pytest_racecheck.runtime.threads.stuck_call import StuckCall
from pytest_racecheck.runtime.threads.task import Aborted

if TYPE_CHECKING:
    from pytest_racecheck.runtime.threads.scheduler import Scheduler

LIMIT = 1.0
# So many seconds a task may compute without a step, if the campaign is not given more.
LONGEST = 5.0
# A thread that gets less than this share of the time is not waiting for its turn, but for something else.
_IDLE_SHARE = 0.02
# Every debugger of Python's kind goes through the first of these.
_DEBUGGERS = frozenset({"bdb", "pdb", "pydevd"})
# So long may the interpreter be held by one call before it is named.
_DEADMAN = 10.0
# So many seconds after a fork it is watched again.
_LATER = 0.25
# A task that swallows what ends it is given up after five tries.
_ABORTS = 20
# While a campaign is on, the modules hold controlled ones.
_allocate_lock = _thread.allocate_lock
_start_new_thread = _thread.start_new_thread
_get_ident = _thread.get_ident
_monotonic = time.monotonic
_SIGNAL: int | None = (
    signal.SIGRTMAX - 3 if hasattr(signal, "SIGRTMAX") else getattr(signal, "SIGUSR1", None)
)


class Watchdog:
    """Watches the runs of one campaign, inside the block; a run needs to do nothing for it.

    A run that was ended by it has `scheduler.blocked`: nothing moved for `limit` seconds, or nothing but one task, for `longest`. After `deadman` seconds a call that holds the interpreter is named, unless that is None or
    faulthandler's timer belongs to somebody else.
    """

    def __init__(
        self, scheduler: Scheduler, limit: float = LIMIT, *, longest: float = LONGEST,
        deadman: float | None = _DEADMAN,
    ) -> None:  # fmt: skip
        self._scheduler = scheduler
        self._limit = limit
        self._longest = longest
        self._test = control.test
        self._file = control.stderr
        self._deadman = deadman if control.timer_is_free else None
        self._watched = _get_ident()
        self._on_main = threading.current_thread() is threading.main_thread()
        self._handler: Any = None
        self._watching: _Thread | None = None
        self._outer: Watchdog | None = None
        self._suspect: tuple[object, ...] = ()
        self._since = 0.0
        # The last step that was seen, and since when.
        self._last_step: tuple[object, ...] = ()
        self._stepped = 0.0
        self._asked = self._answered = self._written = self._computing = False
        self._alarm: Alarm | None = None
        self._ringing: Any = None
        # It is not set anew for each fork: that takes longer than to look, when it rings, how long ago the last one was.
        self._is_set = self._paused = False
        self._last_fork = 0.0
        self._call: StuckCall | None = None

    def __enter__(self) -> Watchdog:
        if self._on_main and _SIGNAL is not None:
            self._handler = signal.signal(_SIGNAL, self._leave)
            with contextlib.suppress(LookupError):
                self._alarm = Alarm(_SIGNAL - 1)
                self._ringing = signal.signal(_SIGNAL - 1, self._ring)
        self._outer, control.watchdog = control.watchdog, self
        if not control.watches_forks and hasattr(os, "register_at_fork"):
            control.watches_forks = True
            os.register_at_fork(before=_pause, after_in_parent=_resume, after_in_child=_forget)
        self.resume()
        return self

    def __exit__(self, *exc: object) -> None:
        self.pause()
        control.watchdog = self._outer
        if self._on_main and _SIGNAL is not None:
            signal.signal(_SIGNAL, self._handler or signal.SIG_DFL)
            alarm, self._alarm = self._alarm, None
            if alarm is not None:
                alarm.close()
                signal.signal(_SIGNAL - 1, self._ringing or signal.SIG_DFL)

    def resume(self) -> None:
        """Watch (again)."""
        self._paused = False
        # Before anything can hold the interpreter.
        self._name_in(self._deadman)
        self._watching = _Thread(self)

    def resume_later(self) -> None:
        """Watch (again) when no fork has been for a while."""
        self._paused = False
        if self._alarm is None:
            self.resume()
            return
        self._last_fork = _monotonic()
        if not self._is_set:
            self._set_alarm(_LATER)

    def _set_alarm(self, seconds: float) -> None:
        assert self._alarm is not None
        self._is_set = True
        self._alarm.set(seconds)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        self._is_set = False
        if self._alarm is None:
            return
        left = self._last_fork + _LATER - _monotonic()
        if self._paused or left > 0:
            self._set_alarm(_LATER if self._paused else left)
        elif self._watching is None:
            self.resume()

    def pause(self) -> None:
        """There is no thread of this one any more when it returns."""
        self._paused = True
        if self._watching is not None:
            self._watching.end()
            self._watching = None
        self._name_in(None)

    def look(self) -> None:
        """One look, on the watching thread."""
        self._name_in(self._deadman)
        now = _monotonic()
        state = self._state()
        if not state or state != self._suspect:
            self._suspect, self._since = state, now
            self._processor = self._processor_time()
            self._asked = self._answered = self._written = False
        quiet = now - self._since
        overdue = self._without_step(state[:3], now) > self._longest
        if quiet < self._limit or self._computes(quiet):
            if overdue:
                self._interrupt(computes=True)
            return
        if not self._asked:
            self._interrupt()
        elif self._answered:
            # Whoever was interrupted has stopped there again.
            self._answered = False
            self._interrupt()
        elif quiet > 2 * self._limit and not self._written:
            self._write()

    def _without_step(self, step: tuple[object, ...], now: float) -> float:
        """For how long the last step has been `step`; it is none where nobody has to make one."""
        if not step or step != self._last_step:
            self._last_step, self._stepped = step, now
        return now - self._stepped

    def _state(self) -> tuple[object, ...]:
        """Equal as long as nothing moves; empty where nothing has to."""
        scheduler = self._scheduler
        if not scheduler.active or scheduler.patient:
            return ()
        frame = sys._current_frames().get(self._watched)
        if frame is None or _is_at_prompt(frame):
            return ()
        return (scheduler.resources, scheduler.steps, scheduler.lingered, id(frame), frame.f_lasti)

    def _processor_time(self) -> float:
        if not hasattr(time, "pthread_getcpuclockid"):
            return 0.0
        return time.clock_gettime(time.pthread_getcpuclockid(self._watched))

    def _computes(self, quiet: float) -> bool:
        return self._processor_time() - self._processor > _IDLE_SHARE * quiet

    def _interrupt(self, *, computes: bool = False) -> None:
        self._asked, self._computing = True, computes
        self._call = self._call_in(sys._current_frames().get(self._watched))
        if self._on_main and _SIGNAL is not None:
            signal.pthread_kill(self._watched, _SIGNAL)

    def _leave(self, _number: int, frame: FrameType | None) -> None:
        """The signal's handler, in the main thread: end the run from where it is stuck."""
        scheduler = self._scheduler
        if not scheduler.active or not self._asked:
            return
        if (scheduler.resources, scheduler.steps, scheduler.lingered) != self._suspect[:3]:
            return
        self._answered = True
        me = getcurrent()
        task = next((task for task in scheduler.tasks if task.greenlet is me), None)
        if scheduler.blocked is None and not scheduler.aborting:
            call = self._call_in(frame)
            # Where the call has raised when the signal is looked at, only our frames may be left.
            scheduler.blocked = call if call.inner.line or self._call is None else self._call
        scheduler.abort()
        if task is not None:
            task.aborts += _ABORTS
            scheduler.abort_here(task)
        raise Aborted

    def _call_in(self, frame: FrameType | None) -> StuckCall:
        seconds = self._longest if self._computing else self._limit
        name = str(getattr(self._scheduler.current, "name", MAIN))
        return StuckCall.at(self._scheduler, name, frame, seconds, computes=self._computing)

    def _write(self) -> None:
        self._written = True
        unreached.name_now(self._test, self._file)

    def _name_in(self, seconds: float | None) -> None:
        if self._deadman is None:
            return
        with contextlib.suppress(OSError, ValueError):
            if seconds is None:
                faulthandler.cancel_dump_traceback_later()
            else:
                faulthandler.dump_traceback_later(seconds, file=self._file)


def _is_at_prompt(frame: FrameType | None) -> bool:
    """Whether a debugger waits for its user to think."""
    while frame is not None:
        if frame.f_globals.get("__name__") in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


class _Thread:
    """Calls `look` four times within the limit, until it is told to end."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._stop = _allocate_lock()
        self._ended = _allocate_lock()
        self._began = _allocate_lock()
        self._native: frozenset[int] = frozenset()
        self._began.acquire()
        self._stop.acquire()
        self._ended.acquire()
        _start_new_thread(unreached.watching(watchdog._test, self._live), ())
        # What holds the interpreter from the start would not let it begin, and it is what tells the test.
        self._began.acquire()

    def _live(self) -> None:
        leave_to_the_main_thread()
        self._native = frozenset({_thread.get_native_id()})
        self._began.release()
        pause = self._watchdog._limit / 4
        try:
            while not self._stop.acquire(timeout=pause):
                self._watchdog.look()
        finally:
            self._ended.release()

    def end(self) -> None:
        """Return when the thread is gone; who was interrupted here can ask again."""
        if self._stop.locked():
            self._stop.release()
        with self._ended:
            pass
        await_end(self._native)


def _pause() -> None:
    for watchdog in _all():
        watchdog.pause()


def _resume() -> None:
    for watchdog in _all():
        watchdog.resume_later()


def _forget() -> None:
    control.watchdog = None


def _all() -> Iterator[Watchdog]:
    """That of the campaign that goes on, and of those inside of which it does."""
    watchdog = control.watchdog
    while watchdog is not None:
        yield watchdog
        watchdog = watchdog._outer
