"""Runs little programs under a strategy, one operation at a time, without threads and without an engine.

A program makes state and tasks afresh; a task is a generator that yields each operation before it does it. What stands between two yields
happens at once, so a kernel written this way has exactly the scheduling points it spells. Tasks stand before their first operation
when a run begins, as if all had been released together, except those that another task spawns.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pytest_racecheck.model.profile import Profile, SharedResource
from pytest_racecheck.model.schedule import Schedule
from pytest_racecheck.strategies.default import Default
from pytest_racecheck.strategies.protocol import Strategy
from pytest_racecheck.strategies.random_walk import RandomWalk
from pytest_racecheck.strategies.replay import Replay


class Op:
    """One operation: what it does, to what, and whether it does more than read."""

    __slots__ = ("argument", "kind", "resource", "writes")

    def __init__(self, kind: str, resource: Any, writes: bool, argument: Any = None) -> None:
        self.kind = kind
        self.resource = resource
        self.writes = writes
        self.argument = argument


_READS: dict[Any, Op] = {}
_WRITES: dict[Any, Op] = {}
_ACQUIRES: dict[Any, Op] = {}
_RELEASES: dict[Any, Op] = {}
# One place in the code that touches several resources counts as several points.
_POINTS: dict[Any, int] = {}
Body = Generator[Op, None, None]


def _cached(cache: dict[Any, Op], kind: str, resource: Any, writes: bool) -> Op:
    op = cache.get(resource)
    if op is None:
        op = cache[resource] = Op(kind, resource, writes)
    return op


def read(resource: Any) -> Op:
    """Read `resource`."""
    return _cached(_READS, "read", resource, False)


def write(resource: Any) -> Op:
    """Write `resource`."""
    return _cached(_WRITES, "write", resource, True)


def acquire(lock: Any) -> Op:
    """Wait until `lock` is free, and take it."""
    return _cached(_ACQUIRES, "acquire", lock, True)


def release(lock: Any) -> Op:
    """Let go of `lock`."""
    return _cached(_RELEASES, "release", lock, True)


def spawn(name: str, body: Body) -> Op:
    """Make a task and let it begin."""
    return Op("spawn", None, False, (name, body))


class Task:
    """A task as strategies see it, and its body."""

    def __init__(self, index: int, key: str, parent: Task | None, body: Body) -> None:
        self.index = index
        self.key = key
        self.parent = parent
        self.body = body
        self.rank = 0.0
        self.next()

    def next(self) -> None:
        """Do the pending operation, up to the next one."""
        self.op = op = next(self.body, None)
        if op is not None:
            self.resource = op.resource
            self.writes = op.writes
            self.point = _POINTS.setdefault(
                (self.body.gi_frame.f_lineno, op.resource), len(_POINTS)
            )


@dataclass
class Program:
    """`make` returns what `failed` is asked about when all tasks have ended, and the tasks by name."""

    name: str
    make: Callable[[], tuple[Any, dict[str, Body]]]
    failed: Callable[[Any], bool] = lambda _: False
    max_steps: int = 100_000


@dataclass
class Run:
    """What happened. `outcome` is "passed", "failed", "deadlock" or "livelock"."""

    outcome: str = "passed"
    deviations: list[tuple[int, int]] = field(default_factory=list)
    choices: int = 0
    steps: int = 0
    preemptions: int = 0
    switches: int = 0
    order: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    parents: dict[str, str | None] = field(default_factory=dict)
    touched: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    points: dict[Any, set[int]] = field(default_factory=lambda: defaultdict(set))
    written: set[Any] = field(default_factory=set)

    @property
    def schedule(self) -> Schedule:
        """The deviations that happened."""
        return Schedule.of(self.deviations)


class BugFound(Exception):
    """Raised by a task that finds its program broken: the run stops there and has failed."""


class Simulation:
    """One run of `program` under `strategy`, whose `begin` has been called."""

    def __init__(self, program: Program, strategy: Strategy, *, watch: bool = False) -> None:
        self.program = program
        self.strategy = strategy
        self.watch = watch
        self.owners: dict[Any, Task] = {}
        self.tasks: list[Task] = []
        self.run = Run()

    def play(self) -> Run:
        """Run it to its end."""
        run = self.run
        state, bodies = self.program.make()
        try:
            for name, body in bodies.items():
                self.start(name, None, body)
            current: Task | None = None
            while (task := self.who(current)) is not None:
                if task is not current:
                    run.switches += current is not None
                run.steps += 1
                if run.steps > self.program.max_steps:
                    run.outcome = "livelock"
                    return run
                current = task
                self.do(task)
        except BugFound:
            run.outcome = "failed"
            return run
        if any(task.op for task in self.tasks):
            run.outcome = "deadlock"
        elif self.program.failed(state):
            run.outcome = "failed"
        return run

    def start(self, name: str, parent: Task | None, body: Body) -> None:
        """Make a task."""
        key = name if parent is None else f"{parent.key}/{name}"
        task = Task(len(self.tasks), key, parent, body)
        self.tasks.append(task)
        self.strategy.started(task)
        if self.watch:
            self.run.parents[key] = parent.key if parent else None

    def can(self, task: Task) -> bool:
        """Whether `task` can go on."""
        op = task.op
        return op is not None and (op.kind != "acquire" or op.resource not in self.owners)

    def who(self, current: Task | None) -> Task | None:
        """The task that goes on, None where none can."""
        enabled = [task for task in self.tasks if self.can(task)]
        if len(enabled) < 2:
            if enabled and self.strategy.counts:
                self.strategy.executed(enabled[0])
            return enabled[0] if enabled else None
        run = self.run
        if current is not None and not self.can(current):
            current = None
        chosen = self.strategy.choose(enabled, current)
        if chosen is not (current or enabled[0]):
            run.deviations.append((run.choices, chosen.index))
            run.preemptions += current is not None
        run.choices += 1
        return chosen

    def do(self, task: Task) -> None:
        """Let `task` do its operation."""
        op = task.op
        assert op is not None
        kind = op.kind
        if self.watch:
            self.note(task, op)
        if kind == "acquire":
            self.owners[op.resource] = task
        elif kind == "release":
            del self.owners[op.resource]
        elif kind == "spawn":
            self.start(op.argument[0], task, op.argument[1])
        task.next()

    def note(self, task: Task, op: Op) -> None:
        """Keep for the profile what was done."""
        run = self.run
        run.order.append(task.index)
        run.counts[task.key] += 1
        if op.resource is not None:
            run.touched[op.resource][task.key] += 1
            run.points[op.resource].add(task.point)
            if op.writes:
                run.written.add(op.resource)


def play(
    program: Program, strategy: Strategy, random: Random, profile: Profile, *, watch: bool = False
) -> Run:
    """One run of `program` under `strategy`."""
    strategy.begin(random, profile)
    return Simulation(program, strategy, watch=watch).play()


def replay(program: Program, schedule: Schedule) -> Run:
    """One run of `program` under `schedule`."""
    return play(program, Replay(schedule), Random(0), Profile())


def profile_of(program: Program, runs: int = 30, choices: int | None = None) -> Profile:
    """What a default run and some random ones show; `choices` is the largest number of them seen, unless it is given."""
    rng = Random(1)
    seen = [play(program, Default(), rng, Profile(), watch=True)]
    seen += [play(program, RandomWalk(), rng, Profile(), watch=True) for _ in range(runs)]
    whole = max(seen, key=lambda run: (run.outcome == "passed", run.steps))
    shared = [
        SharedResource(frozenset(whole.points[resource]), dict(counts))
        for resource, counts in whole.touched.items()
        if len(counts) > 1 and resource in whole.written
    ]
    return Profile(
        choices=max(run.choices for run in seen) if choices is None else choices,
        tasks=len(whole.parents),
        counts=dict(whole.counts),
        parents=whole.parents,
        resources=tuple(shared),
    )


def rate(program: Program, strategy: Strategy, profile: Profile, runs: int, seed: int = 7) -> float:
    """Which share of `runs` does not pass; the same in every call, since the seed is fixed."""
    rng = Random(seed)
    return (
        sum(play(program, strategy, rng, profile).outcome != "passed" for _ in range(runs)) / runs
    )


class _Walk(Default):
    """Follows a list of indexes into the enabled tasks, then the first; notes how many there were."""

    def __init__(self, path: list[int]) -> None:
        self.path = path
        self.widths: list[int] = []

    def choose(self, enabled: Any, current: Any) -> Any:
        step = len(self.widths)
        self.widths.append(len(enabled))
        return enabled[self.path[step] if step < len(self.path) else 0]


def interleavings(program: Program) -> Iterator[Run]:
    """Every run that there is."""
    path: list[int] = []
    while True:
        walk = _Walk(path)
        yield play(program, walk, Random(0), Profile(), watch=True)
        path = path + [0] * (len(walk.widths) - len(path))
        while path and path[-1] + 1 == walk.widths[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1
