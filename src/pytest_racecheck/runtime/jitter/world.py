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
from pytest_racecheck.runtime.context import current
from pytest_racecheck.runtime.jitter.plan import RunPlan
from pytest_racecheck.runtime.jitter.task import JitterTask

MAIN = "main"
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
        self.plan = plan
        self.main = JitterTask(MAIN, plan.delays.stream(MAIN), self)
        self.errors: list[TaskError] = []
        self.tasks: list[JitterTask] = [self.main]
        self.names: list[str] = [MAIN]
        self.weights: dict[str, float] = {}
        self.remote_trace: list[Step] = []
        self.not_covered: dict[str, None] = {}
        self.leaked: list[str] = []
        self.overlapped = False
        self.stagger = 0.0
        self.serves = False
        self.on_first_task: Callable[[], None] = _nothing
        self.original: Callable[[CodeType], CodeType] = _as_it_is
        self.recorder = recorder
        self._recording = False
        self._lock = _thread.allocate_lock()
        self._cleanup = contextlib.ExitStack()
        self._began = 0.0
        self._seconds = 0.0

    def __enter__(self) -> World:
        """Become the world of the calling thread: patch what starts tasks."""
        from pytest_racecheck.runtime.jitter import processes, threads

        with contextlib.ExitStack() as entered:
            entered.callback(self.stop_recording)
            if self.plan.switch_interval is not None:
                entered.callback(sys.setswitchinterval, sys.getswitchinterval())
                sys.setswitchinterval(self.plan.switch_interval)
            entered.enter_context(threads.observed(self))
            entered.enter_context(processes.observed(self))
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
            for task in self.tasks:
                if not task.aborted:
                    task.retire()
                self.weights[task.name] = task.weight

    def adopt(self, label: str, stagger: float = THREAD_STAGGER) -> str:
        """The name of a task that the calling task is about to start; recording begins with the first one.

        `stagger` is how many seconds later than this task the next one usually begins.
        """
        if not self.concurrent:
            self.on_first_task()
        with self._lock:
            self._start_recording()
            self.stagger += stagger
            parent = current.task
            name = (parent if isinstance(parent, JitterTask) else self.main).child_name(label)
            self.names.append(name)
        return name

    def owns_current(self) -> bool:
        """Whether the calling thread is a task of this run, and not of none or of another one."""
        task = current.task
        return isinstance(task, JitterTask) and task.world is self

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
    def concurrent(self) -> bool:
        """The program started at least one thread or process."""
        return len(self.names) > 1

    def result(self) -> RunResult:
        """What happened, once the run is over."""
        return RunResult(
            run=self.plan.delays.run,
            outcome=_worst(self.errors),
            errors=tuple(self.errors),
            trace=tuple(self._trace()),
            seconds=self._seconds,
            tasks=tuple(self.names),
            concurrent=self.concurrent,
            overlapped=self.overlapped,
            not_covered=tuple(self.not_covered),
            leaked=tuple(self.leaked),
            points=sum(weight > 0 for weight in self.weights.values()),
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
