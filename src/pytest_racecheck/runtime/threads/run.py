"""One run under control: the program on the main task, and whatever it starts.

The run ends when the main task has ended and every thread that is no daemon has, too. What is still alive then has outlived its run
and is named; it is never called a deadlock, for the program had come to its end. Before that, a state in which nobody can go on
is one.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_racecheck.model.explored import Explored
from pytest_racecheck.model.outcome import Outcome, RunResult, TaskError
from pytest_racecheck.model.schedule import Deviation, Schedule
from pytest_racecheck.model.trace import cycle_of
from pytest_racecheck.runtime.backend import Body
from pytest_racecheck.runtime.context import IDLE, control
from pytest_racecheck.runtime.jitter.errors import brief_error_of, in_full
from pytest_racecheck.runtime.threads.beginning import body_of
from pytest_racecheck.runtime.threads.foreign import at_work
from pytest_racecheck.runtime.threads.stuck import deadlock_of, frame_of, livelock_of, waiting_of
from pytest_racecheck.runtime.threads.stuck_call import StuckCall
from pytest_racecheck.runtime.threads.task import Aborted, Task, Wait, let_go

if TYPE_CHECKING:
    from pytest_racecheck.model.trace import Waiting
    from pytest_racecheck.runtime.threads.recorder import Recorder
    from pytest_racecheck.runtime.threads.scheduler import Scheduler
    from pytest_racecheck.strategies.protocol import Strategy

Judge = Callable[[BaseException], str]
# Steps that threads may still do once the main task has ended.
_DRAIN_STEPS = 10_000


class Run:
    """One execution of a program; `execute` once, then look.

    `errors` are what its tasks raised, `leaked` the threads that outlived it. What ends a daemon that a package has started for itself is
    printed in real life, and no test fails; it is `excused`. `fatal` is an exception that is nobody's failure and
    ends the campaign (Ctrl-C, a time limit).
    """

    def __init__(
        self, scheduler: Scheduler, number: int, classify: Judge, recorder: Recorder | None = None
    ) -> None:
        self.number = number
        self.errors: list[TaskError] = []
        self.leaked: list[str] = []
        self.excused: list[str] = []
        self.waiting: tuple[Waiting, ...] = ()
        self.fatal: BaseException | None = None
        self.outcome: Outcome | None = None
        self._scheduler = scheduler
        self._classify = classify
        self._recorder = recorder
        self._draining = False
        self._judged = False

    def execute(self, program: Callable[[Run], None], strategy: Strategy) -> bool:
        """Run `program` on the calling greenlet as the main task; whether the run passed.

        Raises what ends the campaign, and nothing else.
        """
        scheduler = self._scheduler
        collecting = gc.isenabled()
        gc.disable()
        scheduler.failed, scheduler.stuck = self._task_failed, self._stuck
        scheduler.overran = self._overran
        scheduler.record = self.record
        if self._recorder is not None:
            scheduler.raised = self._recorder.raised
            scheduler.written = self._recorder.written
        main = scheduler.begin(strategy)
        control.scheduler = scheduler
        try:
            self._main(program, main)
            scheduler.finish()
            if scheduler.blocked is not None:
                self.record(scheduler.blocked.error())
        finally:
            _for_sure(scheduler.ending)
            control.scheduler = IDLE
            scheduler.active = False
            scheduler.forget_listeners()
            if collecting:
                gc.enable()
        fatal = scheduler.interrupted or self.fatal
        if fatal is not None:
            raise fatal
        return not self.errors

    def _main(self, program: Callable[[Run], None], main: Task) -> None:
        try:
            try:
                program(self)
            except Aborted:
                raise
            except BaseException as error:
                self._task_failed(main, error)
                if self.fatal is not None:
                    return
            self._drain(main)
        except Aborted as unwound:
            let_go(unwound)

    def _overran(self) -> None:
        if self._draining or self.waiting:
            return
        strangers = at_work(items_only=False)
        if strangers:
            # What it is that they will do nobody can know.
            self._scheduler.blocked = self._spinning(strangers[0])
        else:
            self.record(livelock_of(self._scheduler))

    def _spinning(self, stranger: str) -> StuckCall:
        scheduler = self._scheduler
        task = scheduler.enabled[0]
        return StuckCall.at(scheduler, task.name, frame_of(scheduler, task), 0.0, stranger=stranger)

    def _drain(self, main: Task) -> None:
        """Let the threads that are no daemons end."""
        scheduler = self._scheduler
        left = [task for task in scheduler.tasks[1:] if not task.ended and not task.daemon]
        self._draining = True
        if left:
            scheduler.limit = scheduler.steps + _DRAIN_STEPS
            scheduler.overrun = 1
            with contextlib.suppress(Aborted):
                self.wait_for(left, main)
        self.leaked = [
            f"thread {task.name}"
            for task in scheduler.tasks[1:]
            if not task.ended and not task.daemon
        ]

    @property
    def is_recorded(self) -> bool:
        """Whether it is the one run that is shown to somebody."""
        return self._recorder is not None

    def launch(self, bodies: Sequence[Body]) -> None:
        """Start all bodies as tasks that are released together, and wait until each has ended."""
        scheduler = self._scheduler
        counts: dict[str, int] = {}
        tasks = []
        for body in bodies:
            scheduler.entering(body.target)
            number = counts[body.label] = counts.get(body.label, 0) + 1
            tasks.append(
                scheduler.add(
                    body.label,
                    body_of(scheduler, body.target, body.args),
                    name=f"{body.label}-{number}",
                )
            )
        for task in tasks:
            scheduler.release(task)
        self.wait_for(tasks, scheduler.tasks[0])

    def wait_for(self, tasks: Sequence[Task], main: Task) -> None:
        """The main task stands until all of `tasks` have ended."""
        scheduler = self._scheduler
        left = len(tasks)

        def ended() -> None:
            nonlocal left
            left -= 1
            if not left:
                scheduler.enable(main)

        for task in tasks:
            task.on_end.append(ended)
        scheduler.block(main, Wait("join", None))

    def record(self, error: TaskError) -> None:
        """Something went wrong in a task."""
        self.errors.append(error)

    def summary(self) -> str:
        """The line by which outcomes are counted."""
        return "; ".join(dict.fromkeys(error.summary for error in self.errors))

    @property
    def failure_key(self) -> frozenset[tuple[object, ...]]:
        """Equal for runs that failed alike: what was raised where, or who waits where.

        Tasks that were made alike may stand for each other: which of two producers waits, or whether both do, makes no other failure. Where
        tasks wait for each other in a circle it is the circle that counts, not who else came to wait for one of them.
        """
        if self.waiting:
            made_from = {task.name: _made_from(task) for task in self._scheduler.tasks}
            stuck = cycle_of(self.waiting) or self.waiting
            return frozenset((made_from[one.task], one.operation, one.position) for one in stuck)
        return frozenset(
            (error.kind, type(error.exception).__name__, error.position) for error in self.errors
        )

    def result(self) -> RunResult:
        """What happened, as plain data."""
        scheduler = self._scheduler
        kinds = [error.kind for error in self.errors]
        outcome = next((kind for kind in _BY_WEIGHT if kind in kinds), Outcome.PASSED)
        return RunResult(
            run=self.number,
            outcome=outcome,
            errors=tuple(map(in_full, self.errors)),
            tasks=tuple(task.name for task in scheduler.tasks),
            concurrent=len(scheduler.tasks) > 1,
            leaked=(*self.leaked, *(f"task {task.name}" for task in scheduler.survivors)),
            explored=self._explored(),
        )

    def _explored(self) -> Explored:
        scheduler = self._scheduler
        return Explored(
            schedule=Schedule(tuple(Deviation(*pair) for pair in scheduler.deviations)),
            choices=scheduler.choices,
            steps=scheduler.steps,
            preemptions=scheduler.preemptions,
            switches=scheduler.switches,
            order=self.order,
            trace=self._recorder.trace() if self._recorder is not None else (),
            waiting=self.waiting,
            uncontrolled=tuple(sorted(scheduler.uncontrolled)),
        )

    @property
    def order(self) -> int:
        """Equal for equal happens-before orders of the same program in this process."""
        return hash(tuple([task.event for task in self._scheduler.tasks]))

    def _task_failed(self, task: Task, error: BaseException) -> None:
        if isinstance(error, SystemExit) and task.index:
            return
        if self._scheduler.aborting and error is not self._scheduler.interrupted:
            # It comes from being unwound.
            return
        if error is self._scheduler.interrupted or self._meaning(task, error) == "abort":
            self.fatal = error
            self._scheduler.abort()
        elif task.packaged:
            self.excused.append(f"{type(error).__name__} ended thread {task.name}")
        elif self._meaning(task, error) == "failure":
            # First: what the last write has left may hang on the error's frames, which are let go of then.
            if self._recorder is not None:
                self._recorder.failed(task, error)
            self.record(brief_error_of(task.name, error))

    def _meaning(self, task: Task, error: BaseException) -> str:
        """What `error` means. A KeyboardInterrupt that no signal has brought about ends the thread that raises it, and nothing else."""
        if task.index and isinstance(error, KeyboardInterrupt):
            return "failure"
        return self._classify(error)

    def _stuck(self) -> None:
        if self._draining:
            return
        self.waiting = waiting_of(self._scheduler, named=self._recorder is not None)
        self.record(deadlock_of(self._scheduler, self.waiting))


def _for_sure(end: Callable[[], None]) -> None:
    """Do what must be done in any case, from the beginning if something comes between."""
    try:
        end()
    except BaseException:
        end()
        raise


def _made_from(task: Task) -> str:
    """What its key says but for the number."""
    return task.key.rpartition(":")[0]


_BY_WEIGHT = (
    Outcome.CRASHED,
    Outcome.DEADLOCK,
    Outcome.POTENTIAL_DEADLOCK,
    Outcome.LIVELOCK,
    Outcome.FAILED,
)
