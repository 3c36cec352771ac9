"""What a campaign found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_racecheck.model.operation import Site
from pytest_racecheck.model.outcome import RunResult, Step
from pytest_racecheck.model.trace import TraceStep
from pytest_racecheck.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Suspect:
    """A source position at which a delay went with failures: `failed` of the `held` runs that were held up there failed."""

    site: Site
    held: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The first failing run, explained as far as the engine can.

    `run` counts from 1. `schedule`, `preemptions`, `switches` and `token` are None under jitter, which cannot replay.
    """

    kind: str
    resource: str | None
    exception: BaseException | None
    run: int
    result: RunResult
    suspects: tuple[Suspect, ...] = ()
    schedule: object | None = None
    preemptions: int | None = None
    switches: int | None = None
    token: str | None = None

    @property
    def trace(self) -> tuple[TraceStep, ...] | tuple[Step, ...]:
        """What happened, step by step; under jitter the points at which tasks were held up."""
        explored = self.result.explored
        return self.result.trace if explored is None else explored.trace


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """Everything known at the end of a campaign.

    `reason` says in one line why the verdict is what it is, where that is not plain. `outcomes` counts equal summaries.
    `interval` is the 95 % confidence interval of the failure rate. `modules` were in scope. `titles` are
    what the program itself calls its tasks, by task name. `schedules` is the budget in runs, where there is one. `replayed`: its
    one run is that of a token.
    """

    name: str
    mode: str
    backend: str | None
    verdict: Verdict
    seed: int
    runs: int
    failures: int
    interval: tuple[float, float]
    outcomes: dict[str, int]
    seconds: float
    failure: Failure | None = None
    reason: str = ""
    classes: int | None = None
    races: tuple[object, ...] = ()
    not_covered: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    tasks: tuple[str, ...] = field(default=())
    schedules: int | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False

    @property
    def is_race(self) -> bool:
        """Some order of events breaks the program."""
        return self.verdict is Verdict.RACE_FOUND
