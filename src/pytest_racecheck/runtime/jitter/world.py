"""The surroundings of one jittered run: who its tasks are, what is patched meanwhile, and what was seen.

The program itself is a callable that runs on the calling thread as the task `main`; whatever threads and processes it
starts, directly or through the standard library, become tasks because `Thread` and `Process` are patched for the length
of the run. Explicit targets are such a program too (`targets.py`), so there is one way into a run and one way out.

Nothing here depends on pytest, and nothing outlives the `with` block but the threads that the program itself left.
"""

from __future__ import annotations

import _thread
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from types import CodeType, TracebackType

from pytest_racecheck.instrument.recorder import Recorder
from pytest_racecheck.model.outcome import Outcome, RunResult, Step, TaskError
from pytest_racecheck.runtime.context import MAIN, current
from pytest_racecheck.runtime.jitter.plan import RunPlan
from pytest_racecheck.runtime.jitter.task import JitterTask

# Typical seconds between the beginnings of two tasks that are started in a row. Fixed figures and not measured ones: the
# length of delays hangs on them, and the same seed must inject the same delays.
THREAD_STAGGER = 0.1e-3
FORK_STAGGER = 2e-3
SPAWN_STAGGER = 15e-3


class World:
    """One run from inside. Use as a context manager around the program; read `result()` afterwards.

    `serves` is set in the server process of a manager, whose threads wait for its clients and never for each other.
    `on_first_task` is called when the program starts its first task; `original` undoes the rewriting of code that is to travel
    to another process.
    """

    def __init__(self, plan: RunPlan, recorder: Recorder | None = None) -> None:
        self.recorder = recorder
        self._recording = False
        self._cleanup = contextlib.ExitStack()
        self._begin(MAIN, plan)

    def _begin(self, name: str, plan: RunPlan) -> None:
        self.plan = plan
        self.main = JitterTask(name, plan.delays.stream(name), self)
        self.errors: list[TaskError] = []
        self.tasks: list[JitterTask] = [self.main]
        self.names: list[str] = [name]
        self.followers: list[Callable[[], bool]] = []
        self.titles: dict[str, str] = {}
        self.weights: dict[str, float] = {}
        self.remote_trace: list[Step] = []
        self.not_covered: dict[str, None] = {}
        self.leaked: list[str] = []
        self.overlapped = False
        self.stagger = 0.0
        self.serves = False
        # Why the explore engine cannot take over from here, "" where it can.
        self.beyond_explore = ""
        self.starts_processes = False
        self.on_first_task: Callable[[], None] = _nothing
        self.original: Callable[[CodeType], CodeType] = _as_it_is
        self._lock = _thread.allocate_lock()
        self._began = 0.0
        self._seconds = 0.0

    def __enter__(self) -> World:
        """Become the world of the calling thread: patch what starts tasks."""
        from pytest_racecheck.runtime.jitter import processes, side_doors, threads

        with contextlib.ExitStack() as entered:
            entered.callback(self.stop_recording)
            if self.plan.switch_interval is not None:
                entered.callback(sys.setswitchinterval, sys.getswitchinterval())
                sys.setswitchinterval(self.plan.switch_interval)
            entered.enter_context(threads.observed(self))
            entered.enter_context(processes.observed(self))
            entered.enter_context(side_doors.observed(self))
            entered.callback(setattr, current, "task", current.task)
            current.task = self.main
            self._cleanup = entered.pop_all()
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End what can be ended, name what cannot, and put everything back."""
        self._seconds = time.perf_counter() - self._began
        try:
            self._cleanup.close()
        finally:
            self.followers.clear()
            for task in self.tasks:
                if not task.aborted:
                    task.retire()
                self.weights[task.name] = task.weight

    def become_child(self, name: str, plan: RunPlan, *, serves: bool) -> None:
        """Begin anew as the task `name`, the first of this process.

        A forked child is left its parent's patches, which ask the world whose they are, and what would undo them.
        """
        self._begin(name, plan)
        self.serves = serves
        self._start_recording()

    @property
    def in_child(self) -> bool:
        """Whether this is the world of a process that a task started, and not of the one that the run began in."""
        return self.main.name != MAIN

    def adopt(self, label: str, stagger: float = THREAD_STAGGER, title: str | None = None) -> str:
        """The name of a task that the calling task is about to start; recording begins with the first one.

        `stagger` is how many seconds later than this task the next one usually begins. `title` is what the program calls it,
        for reports only: it may differ from run to run, and the name fixes the delays.
        """
        if not self.concurrent:
            self.on_first_task()
        with self._lock:
            self._start_recording()
            self.stagger += stagger
            parent = current.task
            name = (parent if isinstance(parent, JitterTask) else self.main).child_name(label)
            self.names.append(name)
            if title is not None:
                self.titles[name] = title
        return name

    def owns_current(self) -> bool:
        """Whether the calling thread is a task of this run, and not of none or of another one."""
        task = current.task
        return isinstance(task, JitterTask) and task.world is self

    def is_alone(self, task: JitterTask) -> bool:
        """Whether no task of the run is left besides this one; `followers` tell of the tasks that were started if they are."""
        if task is not self.main or self.in_child:
            return False
        return not any(lives() for lives in self.followers)

    def thread_task(self, name: str) -> JitterTask:
        """The task of that name, for a thread of this process."""
        task = JitterTask(name, self.plan.delays.stream(name), self)
        with self._lock:
            self.tasks.append(task)
        return task

    def record(self, error: TaskError) -> None:
        """Note what went wrong in a task; the run has failed when it ends."""
        with self._lock:
            self.errors.append(error)

    @property
    def number(self) -> int:
        """Which run of its campaign this is, from 1."""
        return self.plan.delays.run

    @property
    def concurrent(self) -> bool:
        """The program started at least one thread or process."""
        return len(self.names) > 1

    @property
    def hung(self) -> bool:
        """Some task did not end in time, so it is in vain to wait for others."""
        return any(error.kind is Outcome.POTENTIAL_DEADLOCK for error in self.errors)

    def result(self) -> RunResult:
        """What happened, once the run is over."""
        return RunResult(
            run=self.plan.delays.run,
            outcome=_worst(self.errors),
            errors=tuple(self.errors),
            trace=tuple(self._trace()),
            seconds=self._seconds,
            tasks=tuple(self.names),
            titles=dict(self.titles),
            concurrent=self.concurrent,
            overlapped=self.overlapped,
            not_covered=tuple(self.not_covered),
            leaked=tuple(self.leaked),
            active_tasks=sum(weight > 0 for weight in self.weights.values()),
        )

    def _trace(self) -> Iterator[Step]:
        for task in self.tasks:
            yield from task.trace
        yield from self.remote_trace

    def _start_recording(self) -> None:
        if self.recorder is not None and not self._recording:
            self._recording = True
            self.recorder.__enter__()
            self.recorder.add_stack(sys._getframe())

    def stop_recording(self) -> None:
        """Record no more; what was recorded stays."""
        if self.recorder is not None and self._recording:
            self.recorder.__exit__(None, None, None)


def _nothing() -> None:
    return


def _as_it_is(code: CodeType) -> CodeType:
    return code


_BY_WEIGHT = (
    Outcome.CRASHED,
    Outcome.DEADLOCK,
    Outcome.POTENTIAL_DEADLOCK,
    Outcome.LIVELOCK,
    Outcome.FAILED,
)


def _worst(errors: list[TaskError]) -> Outcome:
    kinds = {error.kind for error in errors}
    return next((kind for kind in _BY_WEIGHT if kind in kinds), Outcome.PASSED)
