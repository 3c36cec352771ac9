"""A campaign under the explore engine: schedule after schedule, until a verdict.

The first schedule, the default one, is run twice and the two runs compared: what is not a function of its schedule cannot be explored. The
first run of all also shows what code the tasks enter by ways that no hook sees, through a library's callback, say. After that
a strategy makes the choices. Some runs, more and more seldom, are watched, to learn which places in the code touch something shared
(see `runtime/threads/points.py`); so is each run after one that came to a place which no watched run had seen.

A failure is a race only if another schedule passes. A program that fails in every one of them fails by itself; a deadlock is named all the
same, for without the tool there would be no answer at all.
"""

from __future__ import annotations

import contextlib
import gc
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from pytest_racecheck.analysis.kind import INTERLEAVED
from pytest_racecheck.campaign.budget import Budget
from pytest_racecheck.campaign.confirmation import Passed, doubt
from pytest_racecheck.campaign.distinct import DistinctCount
from pytest_racecheck.campaign.explanation import Explanation, as_it_went, explain, failure_of
from pytest_racecheck.campaign.replaying import describer, divergence
from pytest_racecheck.campaign.sameness import first_difference
from pytest_racecheck.campaign.statistics import exact_interval
from pytest_racecheck.instrument.recorder import CodeKey, Recorder
from pytest_racecheck.instrument.scope import Scope
from pytest_racecheck.model.operation import Site
from pytest_racecheck.model.outcome import Outcome, RunResult
from pytest_racecheck.model.result import CampaignResult
from pytest_racecheck.model.settings import DEFAULT_EXPLORED, Settings
from pytest_racecheck.model.token import Token
from pytest_racecheck.model.trace import cycle_of
from pytest_racecheck.model.verdict import Verdict
from pytest_racecheck.model.wording import shortened
from pytest_racecheck.runtime.snapshot import Snapshot, left_as_found
from pytest_racecheck.runtime.threads.controlled import Beside, Controlled, Program
from pytest_racecheck.runtime.threads.log import Log
from pytest_racecheck.runtime.threads.run import Judge, Run
from pytest_racecheck.strategies.collecting import Collecting
from pytest_racecheck.strategies.default import Default
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.registry import make
from pytest_racecheck.strategies.replay import Replay
from pytest_racecheck.strategies.witness import Witness

# So many schedules in a row must fail before a program is said to fail in all of them.
ENOUGH_FAILURES = 50
# What a run leaves behind in cycles is collected between runs, the young of it often, the old seldom.
_COLLECT_YOUNG, _COLLECT_ALL = 64, 4_096
# The further a campaign has come, the fewer runs are watched: after number n comes n + 1 + n // 4. Powers of two would always meet the same strategy
# of the portfolio, which has eight of them.
_WATCH_EVERY = 4
# The first runs are noted, then one in so many, and of those that come late fewer still. No divisor of the portfolio's eight, for the same reason.
_NOTE_FIRST, _NOTE_EVERY, _LATE, _NOTE_LATE = 32, 5, 1_000, 17
# Runs of the first schedule until two in a row must be the same: the first one finds caches empty and code not yet rewritten.
_ATTEMPTS = 4
_PASSED = Outcome.PASSED.value
_STUCK = (Outcome.DEADLOCK, Outcome.LIVELOCK, Outcome.POTENTIAL_DEADLOCK)


def _is_stuck(result: RunResult) -> bool:
    """Whether a run came to a state in which nobody could go on, whatever else went wrong in it."""
    explored = result.explored
    return result.outcome in _STUCK or (explored is not None and bool(explored.waiting))


class ExploreCampaign:
    """The runs of one program; `explore` once. `passed_before`: it has passed once without being controlled."""

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        root: Path,
        backend: str | None = "thread",
        files: tuple[str, ...] = (),
        classify: Judge,
        lonely: bool = False,
        start: Snapshot | None = None,
        passed_before: bool = False,
        beside: Callable[[Controlled], Beside] | None = None,
    ) -> None:
        self.settings = settings
        self.name = name
        self.backend = backend
        self.lonely = lonely
        self.scope = Scope(root, settings.scope or (), files)
        self.seed = (
            settings.seed if settings.seed is not None else random.SystemRandom().getrandbits(32)
        )
        self.budget = Budget(settings, DEFAULT_EXPLORED)
        self.runs = self.failures = 0
        self.outcomes: Counter[str] = Counter()
        self.classes = DistinctCount()
        self._start = start
        self._passed_before = passed_before
        # What a task blocked in, out of control: the campaign ended there.
        self.stuck_call: str | None = None
        self._classify = classify
        self._beside = beside
        self._random = random.Random()
        self._most_choices, self._reason = 0, ""
        self._tasks: tuple[str, ...] = ()
        self._explanation: Explanation | None = None
        self._passed: Passed | None = None
        self._replaying = self._replayed = self._passes_untimed = False
        self._leaked: Counter[str] = Counter()
        self._excused: Counter[str] = Counter()

    def explore(self, program: Program, keys: Collection[CodeKey] | None = None) -> CampaignResult:
        """All runs, and the verdict; `keys` is what code the tasks execute, where an earlier run has shown it."""
        start = self._start or Snapshot(self.scope.modules())
        controlled = Controlled(
            program, self.settings, self.scope, self._classify, start, self._beside
        )
        with self._in_place(controlled, start):
            controlled.instrument(keys or ())
            if self._is_function_of_schedule(controlled):
                self._search(controlled)
                self._confirm(controlled)
                if self.failures and self.failures == self.runs:
                    self._passes_untimed = self._try_untimed(controlled)
        return self._conclude(controlled)

    @contextlib.contextmanager
    def _in_place(self, controlled: Controlled, start: Snapshot) -> Iterator[None]:
        """Around all runs. A test may leave its own changes behind, but not those of what belongs to another process."""
        with left_as_found(None if self._start else start), controlled.in_place():
            yield
        if controlled.hosts:
            start.restore()

    def _confirm(self, controlled: Controlled) -> None:
        """Take back what was explained where it is not the schedule that decides. That nobody could go on is a fact."""
        found, passed = self._explanation, self._passed
        if found is not None and found.replayed and passed and not _is_stuck(found.failure.result):
            reason = doubt(controlled, found, passed)
            if reason:
                self._explanation = replace(found, replayed=False, reason=reason)

    def _try_untimed(self, controlled: Controlled) -> bool:
        """Whether a program that fails under every schedule passes where sleeps and timed waits may end at any point, and do at once.

        Where all its tasks sleep at the same time, none of them is ever through before another one begins.
        """
        if self.settings.timeouts == "any":
            return False
        controlled.scheduler.any_timeouts = True
        return not controlled.run(Default(), self._random, self.runs + 1).errors

    def replay(
        self, program: Program, token: Token, keys: Collection[CodeKey] | None = None
    ) -> CampaignResult:
        """The one run of `token`, and its report; inconclusive where it goes another way than the token says."""
        self._replaying = True
        start = self._start or Snapshot(self.scope.modules())
        # Whether collections are choices is part of how choices are counted.
        settings = replace(self.settings, gc=token.gc)
        controlled = Controlled(program, settings, self.scope, self._classify, start, self._beside)
        with self._in_place(controlled, start):
            controlled.instrument(keys or ())
            if self._is_function_of_schedule(controlled):
                self._replay(controlled, token)
        return self._conclude(controlled)

    def _replay(self, controlled: Controlled, token: Token) -> None:
        controlled.scheduler.any_timeouts = token.timeouts == "any"
        witness = Witness(Replay(token.schedule), describer(controlled), token)
        run = controlled.run(witness, self._random, 1, recorded=True)
        self._count(run, controlled)
        self._reason = divergence(witness) or ""
        if run.errors:
            self._explanation = Explanation(failure_of(run, str(token)), replayed=True)
        self._replayed = True

    def _first_run(self, controlled: Controlled) -> Run:
        """Run number 1, which also shows what code is entered from where no hook sees it."""
        recorder = Recorder(self.scope)
        with recorder:
            run = controlled.run(Default(), self._random, 1, watched=True)
        controlled.instrument(recorder.keys)
        return run

    def _is_function_of_schedule(self, controlled: Controlled) -> bool:
        """Run the default schedule until it does the same twice; once it has been made to, that is twice."""
        logs: list[Log] = []
        run = self._first_run(controlled)
        for _ in range(_ATTEMPTS):
            if self._is_out_of_control(controlled):
                return False
            if controlled.scheduler.endless:
                # To see it again would take as long again, and show the same.
                self._count(run, controlled)
                self._explanation = Explanation(failure_of(run, None), replayed=True)
                return False
            logs.append(controlled.log)
            if len(logs) > 1 and logs[-1] == logs[-2]:
                if self._replaying:
                    return True
                self._count(run, controlled)
                if run.errors:
                    self._explain(controlled, run)
                return True
            run = controlled.run(Default(), self._random, 1, watched=True)
        difference = first_difference(logs[-2], logs[-1], lambda n: self._site(controlled, n))
        self._count(run, controlled)
        if not self._replaying and self._is_stuck_all_the_same(controlled, run):
            return False
        self._reason = difference or ""
        return False

    def _is_stuck_all_the_same(self, controlled: Controlled, run: Run) -> bool:
        """Whether a program that is no function of its schedule comes to the same circle of tasks that wait for each other: there is no doubt about that."""
        shown = controlled.run(Default(), self._random, 1, recorded=True) if run.waiting else run
        if not cycle_of(shown.waiting) or shown.failure_key != run.failure_key:
            return False
        self._explanation = Explanation(failure_of(shown, None), replayed=True)
        return True

    def _is_out_of_control(self, controlled: Controlled) -> bool:
        """Whether the last run ended because a task blocked in something that no schedule decides, or would not end: that accuses nobody."""
        call = controlled.blocked()
        if call is None:
            return False
        if call.computes and self._explanation is not None:
            # What was found before stands.
            return True
        self._reason = f"it cannot be explored: {call}"
        if not call.computes:
            # Real threads that compute could not be ended either.
            self.stuck_call = str(call)
        return True

    def _site(self, controlled: Controlled, number: int) -> Site | None:
        return controlled.points.all[number].site if number >= 0 else None

    def _search(self, controlled: Controlled) -> None:
        strategy: Strategy = make(self.settings.strategy or "portfolio")
        if self.settings.gc:
            strategy = Collecting(strategy)
        scheduler, points, generator = controlled.scheduler, controlled.points, self._random
        to_watch = 2
        # Once: seeding takes as long as a tenth of a short run. What is drawn is a function of the seed all the same.
        generator.seed(self.seed)
        while self._goes_on():
            number = self.runs + 1
            watched = points.unseen or number == to_watch
            if number == to_watch:
                to_watch += 1 + number // _WATCH_EVERY
            noted = number < _NOTE_FIRST or not number % (
                _NOTE_EVERY if number < _LATE else _NOTE_LATE
            )
            run = controlled.run(strategy, generator, number, watched=watched, noted=noted)
            if scheduler.blocked is not None and self._is_out_of_control(controlled):
                return
            self._count(run, controlled)
            self.classes.add(run.order)
            if run.errors and self._explanation is None:
                self._explain(controlled, run)
            if not number % _COLLECT_YOUNG:
                gc.collect(0 if number % _COLLECT_ALL else 2)

    def _goes_on(self) -> bool:
        """Whether another run is wanted: more may be found, or what was found may turn out to need no race."""
        if not self.budget.allows(self.runs + 1):
            return False
        if not self.failures or self.settings.keep_going:
            return True
        return self.failures == self.runs and self.failures < ENOUGH_FAILURES

    def _count(self, run: Run, controlled: Controlled) -> None:
        self.runs += 1
        choices = controlled.scheduler.choices
        if choices > self._most_choices:
            self._most_choices = choices
        if run.errors:
            self.failures += 1
            self.outcomes[run.summary()] += 1
        else:
            self.outcomes[_PASSED] += 1
            if self._passed is None:
                self._passed = Passed(self.runs, as_it_went(controlled))
        for name in run.leaked:
            self._leaked[name] += 1
        for text in run.excused:
            self._excused[text] += 1
        if self.runs == 1:
            self._tasks = tuple(task.name for task in controlled.scheduler.tasks)

    def _explain(self, controlled: Controlled, run: Run) -> None:
        self._explanation = explain(controlled, run)

    def _conclude(self, controlled: Controlled) -> CampaignResult:
        verdict, reason = self._verdict()
        explanation = self._explanation
        return CampaignResult(
            name=self.name,
            mode="explore",
            backend=self.backend,
            verdict=verdict,
            seed=self.seed,
            runs=self.runs,
            failures=self.failures,
            interval=exact_interval(self.failures, self.runs),
            outcomes=dict(self.outcomes),
            seconds=self.budget.spent,
            failure=explanation.failure if explanation is not None else None,
            reason=reason,
            classes=max(self.classes.count, min(self.runs, 1)),
            not_covered=tuple(self._not_covered(controlled)),
            modules=tuple(self.scope.modules()),
            tasks=self._tasks,
            schedules=self.budget.runs,
            replayed=self._replaying,
        )

    def _verdict(self) -> tuple[Verdict, str]:
        explanation = self._explanation
        if self._reason:
            return Verdict.INCONCLUSIVE, self._reason
        if explanation is not None:
            return self._judge(explanation)
        if not self._most_choices and self.lonely:
            return Verdict.INCONCLUSIVE, "one task alone cannot race: expected two or more"
        if not self._most_choices:
            return Verdict.INCONCLUSIVE, (
                "no run had a choice to make: no two tasks were ever at a scheduling point together"
                " (--racecheck-scope adds packages)"
            )
        return Verdict.NOT_FOUND, ""

    def _judge(self, explanation: Explanation) -> tuple[Verdict, str]:
        if self._replayed:
            return Verdict.RACE_FOUND, "its token brings it about again"
        if not explanation.replayed:
            return Verdict.INCONCLUSIVE, explanation.reason
        passed = self.runs - self.failures
        if self._passes_untimed and explanation.failure.kind in INTERLEAVED:
            return Verdict.RACE_FOUND, (
                f"it fails under every schedule that was tried ({self.runs}) as long as everybody sleeps out, and passes where nobody does"
            )
        if not passed and self._passed_before:
            return Verdict.INCONCLUSIVE, (
                f"it fails under every schedule that was tried ({self.runs}), though it passes without being controlled:"
                f" {shortened(next(iter(self.outcomes)))}"
            )
        if passed:
            return Verdict.RACE_FOUND, f"it passes under {passed} of {self.runs} schedules"
        if _is_stuck(explanation.failure.result):
            return Verdict.RACE_FOUND, (
                f"{explanation.failure.kind} under every schedule that was tried: it needs no race"
            )
        return Verdict.INCONCLUSIVE, (
            f"no race: it fails under every schedule that was tried ({self.runs}), the default one included"
        )

    def _not_covered(self, controlled: Controlled) -> list[str]:
        lines = [
            f"{name} outlived its run ({times} of {self.runs} runs)"
            for name, times in sorted(self._leaked.items())
        ]
        lines += [
            f"{text}, a daemon of its package's own ({times} of {self.runs} runs)"
            for text, times in sorted(self._excused.items())
        ]
        failed = controlled.instrumentation.failed
        lines += [f"could not be instrumented: {key[2]}: {why}" for key, why in failed]
        lines += sorted(controlled.scheduler.uncontrolled)
        return lines
