"""A campaign under jitter: many runs, a rate, and a verdict.

The first run is calm: no delays, nothing instrumented. It shows whether the program starts anything concurrent at all, which
code its tasks execute (that is instrumented afterwards), and how long a run takes. The second is calm, too, and counts each
task's points. The others draw their delays from the seed.

A failure alone accuses nobody: a test can fail because of a wrong constant, a random number, a full disk. So a failing
campaign is followed by control runs (`control.py`), and only what they bear out is called a race.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from pytest_racecheck.campaign.budget import Budget
from pytest_racecheck.campaign.first_run import Patience, end_in_scope, hung, told
from pytest_racecheck.instrument.recorder import CodeKey, Recorder
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.outcome import Judgement, RunResult
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import Settings
from pytest_racecheck.runtime import unreached
from pytest_racecheck.runtime.context import MAIN, TaskHooks
from pytest_racecheck.runtime.jitter.delays import CALM_RUNS, Profile, RunDelays
from pytest_racecheck.runtime.jitter.errors import error_of, hang_of
from pytest_racecheck.runtime.jitter.plan import RunPlan
from pytest_racecheck.runtime.jitter.watchdog import RunOverdue, Watchdog, deadline
from pytest_racecheck.runtime.jitter.world import World
from pytest_racecheck.runtime.snapshot import Snapshot

if TYPE_CHECKING:
    from pytest_racecheck.campaign.control import Control
    from pytest_racecheck.instrument.install import Instrumentation

SHORTEST_HOLD = 3e-3
LONGEST_HOLD = 40e-3
# How long a run may take at least before it counts as hung, and how many times as long as the calm one. Not bounded by the
# budget: a short budget must not turn a slow run into a hang.
HANG_SECONDS = 5.0
SLOW_RUNS = 20
SWITCH_INTERVAL = 1e-5
# Of the time for a judgement, what may go into control runs where another failure might show more.
_SHARE = 0.2
# Seconds after the deadline in which a backend can say where its tasks stand, before the program itself counts as hung.
_SHORTEST_SLACK, _LONGEST_SLACK = 0.7, 1.0


def _is_failure(error: BaseException) -> Judgement:
    return "failure" if isinstance(error, Exception) else "abort"


class JitterCampaign:
    """The runs of one program. `first_run` comes first, then `go_on`, once each.

    `classify` says what an exception of the program means. `start` is the module state at the start of the first run, and every
    other run starts with it. `lonely`: the program starts one task only. `files` are in scope besides what lies under `root`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        root: Path,
        backend: str | None = None,
        files: tuple[str, ...] = (),
        classify: Callable[[BaseException], Judgement] = _is_failure,
        start: Snapshot | None = None,
        lonely: bool = False,
    ) -> None:
        self.settings = settings
        self.lonely = lonely
        self.name = name
        self.backend = backend
        self.seed = (
            settings.seed if settings.seed is not None else random.SystemRandom().getrandbits(32)
        )
        self.scope = Scope(root, settings.scope or (), files)
        self.budget = Budget(settings)
        self.results: list[RunResult] = []
        self._classify = classify
        self._start = start
        self._directory: str | None = None
        self._instrumentation: Instrumentation | None = None
        self._weights: dict[str, float] = {}
        self._longest = SHORTEST_HOLD
        self._keys: frozenset[CodeKey] = frozenset()
        self._watchdog: Watchdog | None = None

    @contextlib.contextmanager
    def first_run(self) -> Iterator[World]:
        """The calm run, around the program: what it raises is recorded and goes on to the caller.

        `World.concurrent` then tells whether it started any task; where it did not, nothing needs to go on.
        """
        recorder = Recorder(self.scope)
        world = World(self.plan(1), recorder)
        patience = Patience.of(self.budget.seconds)
        watchdog = Watchdog(lambda frame: hung(world, self.name, patience, watchdog.seconds, frame))
        world.on_first_task = lambda: patience.begin(watchdog)
        self._watchdog = watchdog
        try:
            with world, watchdog:
                try:
                    yield world
                except BaseException as error:
                    self._note(world, error)
                    raise
        except RunOverdue as overdue:
            # Processes say where they stand when they are ended.
            overdue.args = (told(world, self.name, patience),)
            end_in_scope(overdue, self.scope.contains)
            raise
        finally:
            unreached.cancel()
            if world.concurrent:
                self._learn(world, recorder)
                self._keep(world.result())
            else:
                self.close()

    def be_patient(self) -> None:
        """The first run may take any time from here on: somebody is looking into it."""
        unreached.cancel()
        if self._watchdog is not None:
            self._watchdog.disarm()

    @property
    def keys(self) -> frozenset[CodeKey]:
        """What code the tasks of the first run executed."""
        return self._keys

    def whole(self, program: Callable[[World], None]) -> CampaignResult:
        """The whole campaign, the calm run included."""
        with self.first_run() as world:
            try:
                program(world)
            except RunOverdue:
                pass
            except BaseException as error:
                if self._classify(error) == "abort":
                    raise
                self._note(world, error)
        return self.go_on(program)

    def go_on(self, program: Callable[[World], None]) -> CampaignResult:
        """The other runs, until the budget ends, then the control runs if any failed, and the verdict.

        What `program` raises is classified; only what is to abort the campaign comes through.
        """
        from pytest_racecheck.campaign.conclusion import conclude
        from pytest_racecheck.instrument.install import Instrumentation

        instrumentation = self._instrumentation = Instrumentation(self.scope, TaskHooks())
        try:
            instrumentation.install(self._keys)
            control = self._until_judged(program)
            failed_to_rewrite = [f"{key[2]}: {why}" for key, why in instrumentation.failed]
            return conclude(self, control, failed_to_rewrite)
        finally:
            instrumentation.close()
            self._instrumentation = None
            self.close()

    def run(self, program: Callable[[World], None], plan: RunPlan) -> RunResult:
        """One run of `program` under `plan`."""
        if self._start is not None:
            self._start.restore()
        world = World(plan)
        if self._instrumentation is not None:
            world.original = self._instrumentation.original
        with world:
            try:
                with deadline(
                    plan.deadline + min(_LONGEST_SLACK, max(_SHORTEST_SLACK, plan.deadline)),
                    lambda frame: _overdue(world, plan.deadline, frame),
                ):
                    program(world)
            except RunOverdue:
                pass
            except BaseException as error:
                self._note(world, error)
                if self._classify(error) == "abort":
                    raise
        if plan.delays.run == CALM_RUNS and not self._weights:
            self._weights = dict(world.weights)
        return world.result()

    def plan(
        self,
        run: int,
        *,
        serial: float | None = None,
        profile: Profile | None = None,
        limit: float | None = None,
    ) -> RunPlan:
        """The plan of run number `run`, or of a further run: with delays of a `profile`, or one task after another (`serial`).

        `limit` is after how many seconds it counts as hung, where that is not the campaign's own deadline.
        """
        delays = RunDelays.draw(self.seed, run, self._longest, self._weights, profile)
        jittered = delays.profile is not Profile.CALM
        return RunPlan(
            delays=delays,
            deadline=self._deadline() if limit is None else limit,
            scope=self.scope,
            directory=self.directory,
            keys=self._keys if run > 1 else None,
            serial=serial,
            switch_interval=SWITCH_INTERVAL if jittered else None,
        )

    @property
    def directory(self) -> str:
        """Where children leave their accounts; the first process that is started makes it."""
        if self._directory is None:
            name = f"racecheck-{os.getpid()}-{secrets.token_hex(8)}"
            self._directory = os.path.join(tempfile.gettempdir(), name)
        return self._directory

    def _deadline(self) -> float:
        calm = self.results[0] if self.results else None
        usual = calm.seconds if calm and not calm.hung else 0.0
        return max(HANG_SECONDS, SLOW_RUNS * usual)

    def _until_judged(self, program: Callable[[World], None]) -> Control | None:
        """The jittered runs, and the judgement if any failed.

        A campaign that ends at its first failure goes on where that did not come back, or so seldom that only very many control
        runs would settle it, and is judged again at the next one.
        """
        from pytest_racecheck.campaign.control import LEVEL, judge

        if self._keep_going or self.results[-1].passed:
            self._jittered_runs(program)
        if all(result.passed for result in self.results):
            return None
        if self._keep_going:
            return judge(self, program, LEVEL)
        level = LEVEL / 2
        control = judge(self, program, level, _SHARE)
        while not (control.settled or self._has_hung()) and self._jittered_runs(program):
            level /= 2
            control = judge(self, program, level, _SHARE)
        if not (control.settled or self._has_hung()) and control.returned:
            # There will be no other failure, so now they are worth it.
            control = judge(self, program, level / 2)
        return control

    def _jittered_runs(self, program: Callable[[World], None]) -> bool:
        """Until the budget ends, or a run hangs: another hang would cost the time that it takes to tell why.

        Whether the last of them failed.
        """
        failed = False
        while self.budget.allows(len(self.results) + 1) and (self._keep_going or not failed):
            self._keep(self.run(program, self.plan(len(self.results) + 1)))
            failed = not self.results[-1].passed
            if self._has_hung():
                break
        return failed

    @property
    def _keep_going(self) -> bool:
        return self.settings.keep_going is not False

    def _has_hung(self) -> bool:
        last = self.results[-1]
        return last.hung or (bool(last.leaked) and not last.passed)

    def _keep(self, result: RunResult) -> None:
        """Add a run to the results; whole only if it is the first that failed."""
        first = all(earlier.passed for earlier in self.results)
        self.results.append(result if first else result.slim())

    def _learn(self, world: World, recorder: Recorder) -> None:
        self._keys = frozenset(recorder.keys)
        self._longest = min(LONGEST_HOLD, max(SHORTEST_HOLD, world.stagger))

    def _note(self, world: World, error: BaseException) -> None:
        if self._classify(error) == "failure":
            world.record(error_of(MAIN, error))

    def close(self) -> None:
        """Remove what the campaign wrote; `go_on` does so itself."""
        if self._directory is not None and os.path.exists(self._directory):
            try:
                shutil.rmtree(self._directory, ignore_errors=True)
            except KeyboardInterrupt:
                shutil.rmtree(self._directory, ignore_errors=True)
                raise


def _overdue(world: World, seconds: float, frame: FrameType | None) -> str:
    """Note that the program itself is stuck, and where; returns that in a line."""
    hang = hang_of(MAIN, seconds, frame, world.plan.scope.contains)
    world.record(hang)
    return hang.summary
