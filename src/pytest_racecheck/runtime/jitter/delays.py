"""When a task is held up, and for how long.

Uniform random sleeps find few races: some need one long starvation, others a very short one in a tiny window. So every
run draws a *profile*, as rr's chaos mode does (R. O'Callahan, 2016), and durations are log-uniform over two to three orders
of magnitude:

- `stall`: one task is held once, for long, at a point drawn uniformly from its whole run: what a single preemption does;
  most others are held for a moment at their first point, else they might be through before the victim gets there;
- `dense`: the started tasks are held at most writes and every other read;
- `sparse`: a few delays a task, spread over its run;
- `starve`: some tasks are slow at every point, the others run freely;
- `main` and `others`, which are never drawn: the main task is held at every point, or all the others are. A judgement compares the
  two where calm runs fail, too;
- `calm`: no delay at all. The first two runs are always calm: one shows what the program does by itself, the other, already
  instrumented, how many points each task passes, undisturbed: the same seed must mean the same delays.

Delays come from one private generator a task, seeded by (seed, run, task name): the global `random` module belongs to the
program and is reseeded by others. A point is never drawn for on its own: a stream draws the *gap* to the next delay,
in units of weight, so that a point without a delay costs an addition and a subtraction. A point before a write weighs more than one
before a read, because a window opens at a read and is cut at the write that follows.
"""

from __future__ import annotations

import enum
import math
import random
from dataclasses import dataclass, field

from pytest_racecheck.runtime.context import MAIN

READ_WEIGHT = 1.0
WRITE_WEIGHT = 3.0
SHORTEST_DELAY = 20e-6
DELAYS_PER_TASK = 6.0
CALM_RUNS = 2
NEVER = math.inf


class Profile(enum.Enum):
    """The character of one run's delays."""

    CALM = "calm"
    STALL = "stall"
    DENSE = "dense"
    SPARSE = "sparse"
    STARVE = "starve"
    MAIN = "main"
    OTHERS = "others"


_MIX = {Profile.STALL: 0.5, Profile.DENSE: 0.25, Profile.SPARSE: 0.15, Profile.STARVE: 0.1}
_SLOW_TASKS = 0.5
# The main task mostly starts and joins: held up, it keeps the others apart more often than it races with them.
_SLOW_MAIN = 0.2
_GIVING_WAY = 0.8
# What a task may be slowed down by in all, where it is held at every point.
_SLOW_SECONDS = 0.2
_MOMENT = (0.05, 0.5)


@dataclass(frozen=True, slots=True)
class RunDelays:
    """What fixes the delays of one run, for every task in every process.

    `longest` is the longest single delay in seconds. `weights` holds the total weight of each task seen in an earlier
    run of the same campaign, by task name; a task it does not know gets, in a `sparse` run, delays that thin out as it goes on.
    """

    seed: int
    run: int
    longest: float
    profile: Profile
    victim: str | None = None
    weights: dict[str, float] = field(default_factory=dict)

    @classmethod
    def draw(
        cls,
        seed: int,
        run: int,
        longest: float,
        weights: dict[str, float],
        profile: Profile | None = None,
    ) -> RunDelays:
        """The delays of run number `run`, counted from 1, of the campaign with that seed; `profile` where it is not to be drawn."""
        if run <= CALM_RUNS and profile is None:
            profile = Profile.CALM
        if profile is not None:
            return cls(seed, run, longest, profile, None, dict(weights))
        rng = random.Random(f"{seed}/{run}")
        profile = rng.choices(list(_MIX), list(_MIX.values()))[0]
        active = sorted(task for task, weight in weights.items() if weight)
        if profile is Profile.STALL and not active:
            profile = Profile.DENSE
        victim = _victim(rng, active) if profile is Profile.STALL else None
        return cls(seed, run, longest, profile, victim, dict(weights))

    def stream(self, task: str) -> DelayStream:
        """The delays of one task, the same whenever and wherever it is asked for."""
        rng = random.Random(f"{self.seed}/{self.run}/{task}")
        slow = self.profile in (Profile.MAIN, Profile.OTHERS)
        allowance = _SLOW_SECONDS if slow else 4 * self.longest
        return DelayStream(rng, self._shape(task, rng), allowance)

    def _shape(self, task: str, rng: random.Random) -> Shape:
        total = self.weights.get(task)
        match self.profile:
            case Profile.STALL if task == self.victim and total:
                return Shape(NEVER, self.longest, self.longest, first=rng.uniform(0, total))
            case Profile.STALL if task != MAIN and rng.random() < _GIVING_WAY:
                shortest, longest = (share * self.longest for share in _MOMENT)
                return Shape(NEVER, longest, shortest, first=0.0)
            case Profile.DENSE | Profile.SPARSE if task == MAIN and rng.random() > _SLOW_MAIN:
                return Shape(NEVER, self.longest)
            case Profile.MAIN | Profile.OTHERS if (task == MAIN) is (self.profile is Profile.MAIN):
                hold = min(self.longest, _SLOW_SECONDS * READ_WEIGHT / (total or READ_WEIGHT))
                return Shape(0.0, hold, hold)
            case Profile.DENSE:
                return Shape(WRITE_WEIGHT / 2, self.longest)
            case Profile.SPARSE:
                return Shape(total / DELAYS_PER_TASK if total else None, self.longest)
            case Profile.STARVE if rng.random() < (_SLOW_MAIN if task == MAIN else _SLOW_TASKS):
                return Shape(WRITE_WEIGHT, self.longest)
            case _:
                return Shape(NEVER, self.longest)


def _victim(rng: random.Random, tasks: list[str]) -> str:
    """Whom to stall; the main task seldom."""
    return rng.choices(tasks, [_SLOW_MAIN if task == MAIN else 1.0 for task in tasks])[0]


@dataclass(frozen=True, slots=True)
class Shape:
    """The distribution of one task's delays: mean `gap` in weight between two of them (None: growing with the weight passed).

    `first` fixes where the first one falls; durations are log-uniform between `shortest` and `longest`, in seconds.
    """

    gap: float | None
    longest: float
    shortest: float = SHORTEST_DELAY
    first: float | None = None


class DelayStream:
    """The delays of one task in the order of its points, `allowance` seconds in all. Not shared between threads."""

    __slots__ = ("_allowance", "_credit", "_rng", "_shape", "weight")

    def __init__(self, rng: random.Random, shape: Shape, allowance: float) -> None:
        self._rng = rng
        self._shape = shape
        self._allowance = allowance
        self.weight = 0.0
        self._credit = shape.first if shape.first is not None else self._gap()

    def at(self, weight: float) -> float:
        """Seconds to hold the task at its next point, which weighs `weight`; mostly 0.0."""
        self.weight += weight
        self._credit -= weight
        if self._credit > 0:
            return 0.0
        self._credit = self._gap()
        return self._spend()

    def _gap(self) -> float:
        mean = self._shape.gap
        if mean is None:
            mean = WRITE_WEIGHT + self.weight / DELAYS_PER_TASK
        return mean if mean in (NEVER, 0.0) else self._rng.expovariate(1 / mean)

    def _spend(self) -> float:
        low, high = math.log(self._shape.shortest), math.log(self._shape.longest)
        delay = math.exp(self._rng.uniform(low, max(low, high)))
        if delay > self._allowance:
            self._credit = NEVER
            return 0.0
        self._allowance -= delay
        return delay
