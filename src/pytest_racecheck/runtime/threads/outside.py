"""Waiting for the world outside: for what a socket, a pipe or another process does.

What a task waits for here is a file descriptor that has to become ready. Whether it is can be asked at any time, so a task that would
block is disabled instead, and everybody is asked again after each operation of a task that may have made somebody ready, and whenever
nobody can go on. The two ends of a connection are mostly in the same process, and then all of this is as deterministic as any other
operation: the loopback interface delivers before `send` returns.

When nobody can go on although everybody outside was asked, it matters who is at the other end. If it is this process, virtual time may
pass, and if there is no time to wait for it is a deadlock, but for what the kernel may still have in hand. If it is another
process, or a thread that is no task and holds a lock, that one lives in real time, and so real time passes with virtual time. A run waits
a limited time for others; what has not come by then is called a call out of control. Where all tasks wait for some that wait for each
other, nobody outside could help, and nobody is waited for.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.threads import foreign, strangers
from pytest_racecheck.runtime.threads.elsewhere import Beforehand, leads_elsewhere
from pytest_racecheck.runtime.threads.stuck import frame_of
from pytest_racecheck.runtime.threads.stuck_call import StuckCall
from pytest_racecheck.runtime.threads.task import Aborted, Task, Wait

if TYPE_CHECKING:
    from pytest_racecheck.model.trace import Position
    from pytest_racecheck.runtime.threads.scheduler import Scheduler

#: A file descriptor, and the events of `select.poll` that are waited for.
Pair = tuple[int, int]
# So long does a run wait for others in all.
LIMIT = 1.0
# And so long for what the kernel may not have delivered.
_DELIVERY = 0.05
# How often a lock is looked at that a thread holds which is no task.
_GLANCE = 0.005
_AT_ONCE = 0.0002
# So often, one after the other, must other threads be seen idle, before it is a deadlock and before a time-out.
_IDLE, _IDLE_BEFORE_TIMEOUT = 10, 2
# While a campaign is on, the modules hold controlled ones.
_monotonic = time.monotonic
_poll: Any = getattr(select, "poll", None)
_select = select.select
IN: int = getattr(select, "POLLIN", 1)
OUT: int = getattr(select, "POLLOUT", 4)
URGENT: int = getattr(select, "POLLPRI", 2)
# What ends any wait, whatever was asked for.
_ERRORS: int = (
    select.POLLERR | select.POLLHUP | select.POLLNVAL if hasattr(select, "POLLERR") else 0
)
_CLOSED = -1


class _Waiting:
    __slots__ = ("pairs", "task")

    def __init__(self, task: Task, pairs: Sequence[Pair]) -> None:
        self.task = task
        self.pairs = pairs


class Outside:
    """Who waits for the world outside. Called by the scheduler when nobody can go on: whether somebody now can."""

    def __init__(self, scheduler: Scheduler, limit: float = LIMIT) -> None:
        self._scheduler = scheduler
        self._limit = limit
        self._waiting: list[_Waiting] = []
        self._spent = 0.0
        # Tasks have started processes that are no part of the program; these were waited for, and waited for the program themselves.
        self.strangers_started = self._in_vain = False
        self._before = Beforehand.now()
        # Asks those who wait in other processes of the program.
        self.others: Callable[[], bool] = _nobody
        # Has those try again who have tried in vain.
        self.last_resort: Callable[[], bool] = _nobody
        # Who waits for the world outside in other processes of the program, and where that one stands.
        self.others_elsewhere: Callable[[], list[Task]] = list
        self.standing_of: Callable[[Task], Position | None] = lambda _task: None
        # Children of this process that are part of the program: what they do is decided here as well.
        self.parts: set[int] = set()

    def begin(self) -> None:
        """A run begins."""
        self._waiting.clear()
        self.parts.clear()
        self._spent = 0.0

    def wait(
        self, task: Task, pairs: Sequence[Pair], timeout: float | None, operation: str, subject: object
    ) -> bool:  # fmt: skip
        """`task` stands before its pending operation until one of `pairs` is ready, or `timeout` is over: False."""
        scheduler = self._scheduler
        if self._stand_still(task, pairs, timeout, Wait(operation, subject)):
            return True
        deadline = None if timeout is None else scheduler.now + timeout
        waiting = _Waiting(task, pairs)
        self._waiting.append(waiting)
        try:
            while True:
                wait = Wait(operation, subject)
                scheduler.block(task, wait, deadline, ready=bool(_ready(pairs)))
                if _ready(pairs):
                    return True
                if deadline is not None and (task.timed_out or scheduler.any_timeouts):
                    scheduler.now = max(scheduler.now, deadline)
                    return False
        finally:
            self._waiting.remove(waiting)

    def _stand_still(
        self, task: Task, pairs: Sequence[Pair], timeout: float | None, wait: Wait
    ) -> bool:
        """Where strangers alone can make one of `pairs` ready: stand, and have everybody wait for them; whether one is."""
        scheduler = self._scheduler
        if not self.strangers_started or self._in_vain:
            return False
        if timeout is not None and scheduler.any_timeouts:
            return False
        with self._nobodys_doing():
            if not strangers.are_asked(pairs, self._before, self.parts):
                return False
        scheduler.block(task, wait, ready=True)
        with self._nobodys_doing():
            found = strangers.whose(pairs, self._before, self.parts)
            self._in_vain = not strangers.stand_still(pairs, found, timeout)
        return not self._in_vain

    @contextlib.contextmanager
    def _nobodys_doing(self) -> Iterator[None]:
        """Inside the block what is called is no operation, and may take long."""
        scheduler = self._scheduler
        patient, scheduler.patient = scheduler.patient, True
        control.scheduler = IDLE
        try:
            yield
        finally:
            control.scheduler, scheduler.patient = scheduler, patient

    @property
    def waiting(self) -> int:
        """How many tasks of this process wait."""
        return len(self._waiting)

    def ask(self) -> bool:
        """Enable those whose wait is over; whether there were any."""
        found = bool(self._waiting) and self._ask(0.0)
        return self.others() or found

    def _ask(self, seconds: float) -> bool:
        everybody = [pair for waiting in self._waiting for pair in waiting.pairs]
        ready = _ready(everybody, seconds)
        if not ready:
            return False
        for waiting in self._waiting:
            if any(ready.get(fd, 0) & (events | _ERRORS) for fd, events in waiting.pairs):
                self._scheduler.enable(waiting.task)
        return bool(self._scheduler.enabled)

    def __call__(self) -> bool:
        """Nobody can go on: ask everybody outside, and wait for those who live in real time."""
        if self._locks_freed() or self.ask() or self.last_resort():
            return True
        if self._waits_in_circles():
            return False
        # What is called from here runs in some task, but is nobody's operation.
        control.scheduler = IDLE
        try:
            return self._wait_for_others()
        finally:
            control.scheduler = self._scheduler

    def _wait_for_others(self) -> bool:
        scheduler = self._scheduler
        strangers = filter(self._waits_for_stranger, scheduler.tasks)
        waits = [*strangers, *self.elsewhere(), *self.others_elsewhere()]
        if waits:
            return self._await(waits[0])
        if foreign.are_there_any():
            return self._await_foreign()
        if not self._waiting or scheduler.timed:
            return False
        if self._pass(_DELIVERY, glance=False):
            return True
        calls = [self._call(one.task) for one in self._waiting]
        scheduler.uncontrolled.update(
            f"what {call.task} waits for, at {call.where}" for call in calls
        )
        return False

    def _await(self, first: Task) -> bool:
        """Let real time pass, with virtual time, for what the `first` of some tasks waits for."""
        scheduler = self._scheduler
        left = max(0.0, self._limit - self._spent)
        until = min((task.deadline or 0.0 for task in scheduler.timed), default=None)
        seconds = left if until is None else max(0.0, min(left, until - scheduler.now))
        if self._pass(seconds, glance=True):
            return True
        if until is not None and seconds < left:
            return False
        self._give_up(self._call(first))
        return False

    def _await_foreign(self) -> bool:
        """Let those go on that are no tasks, while they have something in hand."""
        timed = bool(self._scheduler.timed)
        idle = 0
        while idle < (_IDLE_BEFORE_TIMEOUT if timed else _IDLE):
            spent = self._spent
            if self._pass(_GLANCE, glance=True):
                return True
            if not foreign.at_work(items_only=timed):
                # They may have been given something, and not have woken up.
                idle += 1
                self._spent = spent
            elif spent < self._limit:
                idle = 0
            else:
                self._give_up(self._call(next(task for task in self._scheduler.tasks if task.wait)))
        if self._locks_freed() or self.ask():
            return True
        if not timed:
            self._scheduler.uncontrolled.add("threads that were there before the test")
        return False

    def _give_up(self, call: StuckCall) -> None:
        self._scheduler.blocked = call
        self._scheduler.abort()
        raise Aborted

    def _pass(self, seconds: float, *, glance: bool) -> bool:
        self._scheduler.patient = True
        began = _monotonic()
        # Those who wait in other processes are asked, and not waited for: mostly the answer is there at once.
        pause = _AT_ONCE
        try:
            while True:
                left = seconds - (_monotonic() - began)
                if self._ask(max(0.0, min(left, pause) if glance else left)) or self.others():
                    return True
                pause = min(2 * pause, _GLANCE)
                if left <= 0:
                    return False
                if glance and self._locks_freed():
                    return True
        finally:
            self._scheduler.patient = False
            self._spent += _monotonic() - began

    def _locks_freed(self) -> bool:
        freed = False
        for task in self._scheduler.tasks:
            if task.wait is not None and hasattr(task.wait.subject, "freed"):
                freed = task.wait.subject.freed(self._scheduler) or freed
        return freed and bool(self._scheduler.enabled)

    def _waits_in_circles(self) -> bool:
        tasks = [task for task in self._scheduler.tasks if not task.ended and not task.daemon]
        # The main task waits for all explicit targets at once.
        tasks = [task for task in tasks if task.wait is None or not _is_for_all(task.wait)]
        return bool(tasks) and all(map(self._comes_to_a_circle, tasks))

    def _comes_to_a_circle(self, task: Task) -> bool:
        passed = []
        while task not in passed:
            passed.append(task)
            wait = task.wait
            holder = None if wait is None else wait.holder
            holder = holder() if callable(holder) else holder
            # Who waits for itself may wait for a notification.
            if holder is task or holder not in self._scheduler.tasks or task.deadline is not None:
                return False
            task = holder
        return True

    def _waits_for_stranger(self, task: Task) -> bool:
        wait, scheduler = task.wait, self._scheduler
        if wait is None:
            return False
        return wait.holder is scheduler.stranger or (scheduler.signalled and wait.holder is task)

    def elsewhere(self) -> list[Task]:
        """The tasks of this process that wait for somebody who is no part of the program."""
        return [
            one.task
            for one in self._waiting
            if leads_elsewhere([fd for fd, _ in one.pairs], self._before, self.parts)
        ]

    def _call(self, task: Task) -> StuckCall:
        place = self.standing_of(task)
        if place is not None:
            return StuckCall(task.name, place, place, self._spent)
        frame = frame_of(self._scheduler, task)
        return StuckCall.at(self._scheduler, task.name, frame, self._spent)


def _nobody() -> bool:
    return False


def _is_for_all(wait: Wait) -> bool:
    return wait.operation == "join" and wait.subject is None


def _ready(pairs: Sequence[Pair], seconds: float = 0.0) -> dict[int, int]:
    """Which of the descriptors are ready, and for what; one that is closed is, for an error."""
    closed = {fd: IN | OUT for fd, _ in pairs if fd <= _CLOSED}
    wanted: dict[int, int] = {}
    for fd, events in pairs:
        if fd > _CLOSED:
            wanted[fd] = wanted.get(fd, 0) | events
    if closed:
        seconds = 0.0
    if _poll is None:
        return {**closed, **_ready_by_select(wanted, seconds)}
    asked = _poll()
    for fd, events in wanted.items():
        asked.register(fd, events)
    return {**closed, **dict(asked.poll(seconds * 1000))}


def _ready_by_select(wanted: dict[int, int], seconds: float) -> dict[int, int]:
    reading = [fd for fd, events in wanted.items() if events & IN]
    writing = [fd for fd, events in wanted.items() if events & OUT]
    readable, writable, _ = _select(reading, writing, [], seconds)
    ready = dict.fromkeys(readable, IN)
    for fd in writable:
        ready[fd] = ready.get(fd, 0) | OUT
    return ready
